"""Taking named files out of gzip, tar and zip archives, and nothing else."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from disentangle_bench.datasets.files.file import MOST_BYTES, File
from disentangle_bench.errors import DataError
from disentangle_bench.storage import atomic_path, in_bytes, storage_errors

MOST_UNPACKED = 4 * 10**9
"""Of an archive as a whole; those that hold small files beside others take seconds to get through."""
_MOST_READ = 1 << 24
_PACKERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}


def is_gzip(path: Path) -> bool:
    """Whether a file begins as gzip does."""
    with storage_errors(path, "read"), path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def packed_most(most: int) -> int:
    """Return the most bytes that gzip makes of so many: a little more, if they cannot be compressed."""
    return most + most // 1000 + 1024


def unpack_gzip(archive: Path, target: Path, most: int = MOST_BYTES) -> None:
    """Unpack one gzip file of at most so many bytes; `target` is whole or not there.

    Raises:
        DataError: the archive is truncated or damaged, or holds more.
        StorageError: the archive cannot be read or the target not be written.
    """
    with storage_errors(archive, "read"):
        packed = archive.open("rb")
    with packed:
        _copy(gzip.GzipFile(fileobj=packed), target, archive, most)


def unpack_members(archive: Path, members: Mapping[str, str], into: Path, files: Mapping[str, File]) -> None:
    """Copy members (path in the archive -> file name) of a tar, of any compression, or zip archive into a folder.

    `files` declares each file by its name.

    Only regular files are read, and only to the names that the caller chose: the paths and links in an archive
    decide nothing.

    Raises:
        DataError: the archive is damaged, is none, or lacks a member.
        StorageError: the folder cannot be written.
    """
    read = _zip_files if zipfile.is_zipfile(archive) else _tar_files
    absent = dict(members)
    with archive_errors(archive):
        for path, file in read(archive):
            if path in absent:
                name = absent.pop(path)
                _copy(file, into / name, archive, files[name].most)
            if not absent:
                return
    raise DataError(f"{archive.name} holds no regular file {', '.join(absent)}.")


def unpack_found(archive: Path, files: Mapping[str, File], into: Path) -> None:
    """Copy declared files out of a tar or zip archive into a folder by their names, whatever folder of it they are in.

    The first of a name is taken. As in `unpack_members`, paths and links in the archive decide nothing.

    Raises:
        DataError: the archive is damaged or is none. StorageError: the folder cannot be written.
    """
    read = _zip_files if zipfile.is_zipfile(archive) else _tar_files
    absent = set(files)
    with archive_errors(archive):
        for path, file in read(archive):
            name = path.rpartition("/")[2]
            if name in absent:
                absent.remove(name)
                _copy(file, into / name, archive, files[name].most)
            if not absent:
                return


def is_tar(path: Path) -> bool:
    """Whether a file is a tar archive, of any compression."""
    try:
        with storage_errors(path, "read"), archive_errors(path), _opened_tar(path):
            return True
    except DataError:
        return False


@contextmanager
def _opened_tar(archive: Path) -> Iterator[tarfile.TarFile]:
    with archive.open("rb") as file:
        begin = file.read(6)
    unpacked = next((opened for mark, opened in _PACKERS.items() if begin.startswith(mark)), open)
    with unpacked(archive, "rb") as file, tarfile.open(fileobj=SmallReads(file), mode="r:") as tar:
        yield tar


def _tar_files(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with _opened_tar(archive) as tar:
        for member in tar:
            # To get to the next one, all of this one is unpacked.
            if member.offset_data + member.size > MOST_UNPACKED:
                raise tarfile.ReadError(f"it unpacks to more than {in_bytes(MOST_UNPACKED)}")
            if member.isfile() and (content := tar.extractfile(member)):
                yield member.name, content


def _zip_files(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            if not member.is_dir():
                with packed.open(member) as file:
                    yield member.filename, file


def _copy(source: IO[bytes] | gzip.GzipFile, target: Path, archive: Path, most: int) -> None:
    with atomic_path(target) as temporary, temporary.open("wb") as out, archive_errors(archive):
        left = most
        while chunk := source.read(1 << 20):
            left -= len(chunk)
            if left < 0:
                raise DataError(f"{archive.name}: {target.name} unpacks to more than {in_bytes(most)}.")
            out.write(chunk)


class SmallReads(io.RawIOBase):
    """A file that refuses to be read in one large piece: a tar header can state any length of a name."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def read(self, size: int = -1) -> bytes:
        """Read some bytes.

        Raises:
            ReadError: these are too many.
        """
        if not 0 <= size <= _MOST_READ:
            raise tarfile.ReadError(f"its header states a length of {size:,} bytes")
        return self.file.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place."""
        return self.file.seek(place, whence)

    def tell(self) -> int:
        """Return the place."""
        return self.file.tell()


@contextmanager
def archive_errors(archive: Path) -> Iterator[None]:
    """Turn what the archive libraries raise of damage into a `DataError` that names the archive."""
    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        # gzip and bz2 report damage as an OSError without a number; those with one are the disk's and pass.
        if getattr(error, "errno", None) is not None:
            raise
        raise DataError(f"{archive.name} is not a complete archive: {error}.") from error
