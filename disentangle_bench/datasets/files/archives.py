"""Taking named files out of gzip, tar and zip archives, and nothing else."""

from __future__ import annotations

import gzip
import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from disentangle_bench.errors import DataError
from disentangle_bench.storage import atomic_path, storage_errors


def is_gzip(path: Path) -> bool:
    """Whether a file begins as gzip does."""
    with storage_errors(path, "read"), path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def unpack_gzip(archive: Path, target: Path) -> None:
    """Unpack one gzip file; `target` is whole or not there.

    Raises:
        DataError: the archive is truncated or damaged.
        StorageError: the archive cannot be read or the target not be written.
    """
    with storage_errors(archive, "read"):
        packed = archive.open("rb")
    with packed:
        _copy(gzip.GzipFile(fileobj=packed), target, archive)


def unpack_members(archive: Path, members: Mapping[str, str], into: Path) -> None:
    """Copy members (path in the archive -> file name) of a tar, of any compression, or zip archive into a folder.

    Only regular files are read, and only to the names that the caller chose: the paths and links in an archive
    decide nothing.

    Raises:
        DataError: the archive is damaged, is none, or lacks a member.
        StorageError: the folder cannot be written.
    """
    read = _zip_files if zipfile.is_zipfile(archive) else _tar_files
    absent = dict(members)
    with damage_told(archive):
        for path, file in read(archive):
            if path in absent:
                _copy(file, into / absent.pop(path), archive)
            if not absent:
                return
    raise DataError(f"{archive.name} holds no regular file {', '.join(absent)}.")


def unpack_found(archive: Path, names: Collection[str], into: Path) -> None:
    """Copy files out of a tar or zip archive into a folder by their names, whatever folder of it they are in.

    The first of a name is taken. As in `unpack_members`, paths and links in the archive decide nothing.

    Raises:
        DataError: the archive is damaged or is none. StorageError: the folder cannot be written.
    """
    read = _zip_files if zipfile.is_zipfile(archive) else _tar_files
    absent = set(names)
    with damage_told(archive):
        for path, file in read(archive):
            name = path.rpartition("/")[2]
            if name in absent:
                absent.remove(name)
                _copy(file, into / name, archive)
            if not absent:
                return


def _tar_files(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and (file := tar.extractfile(member)):
                yield member.name, file


def _zip_files(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            if not member.is_dir():
                with packed.open(member) as file:
                    yield member.filename, file


def _copy(source: IO[bytes] | gzip.GzipFile, target: Path, archive: Path) -> None:
    with atomic_path(target) as temporary, temporary.open("wb") as out, damage_told(archive):
        shutil.copyfileobj(source, out, 1 << 20)


@contextmanager
def damage_told(archive: Path) -> Iterator[None]:
    """Turn what the archive libraries raise of damage into a `DataError` that names the archive."""
    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        # gzip and bz2 report damage as an OSError without a number; those with one are the disk's and pass.
        if getattr(error, "errno", None) is not None:
            raise
        raise DataError(f"{archive.name} is not a complete archive: {error}.") from error
