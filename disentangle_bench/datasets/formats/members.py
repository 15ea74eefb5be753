"""Files by name in a folder, a zip or a tar archive, read one at a time without extracting them."""

from __future__ import annotations

import os
import tarfile
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from disentangle_bench.datasets.files.archives import (
    MOST_UNPACKED,
    SmallReads,
    archive_errors,
    is_gzip,
    is_tar,
    unpack_gzip,
)
from disentangle_bench.errors import DataError
from disentangle_bench.storage import in_bytes, require_regular, storage_errors

MOST_BYTES = 2**29
"""Of one file, which is read into memory whole."""
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")  # gzip, bzip2, xz, Zstandard


class Members(ABC):
    """Regular files by name, hidden ones left out. Where they are pickled nothing is held open.

    Attributes:
        path: of the folder or archive.

    Raises:
        DataError: it is damaged, holds one name twice or a path outside itself.
        StorageError: it is not there or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._places: dict[str, Any] = {}
        for named, place in self.places():
            name = PurePosixPath(named).as_posix()
            refuse_escape(name, path)
            if name in self._places:
                raise DataError(f"{path} holds {name} twice.", "Pack it again, each file once.")
            if not any(part.startswith((".", "__MACOSX")) for part in name.split("/")):
                self._places[name] = place

    @abstractmethod
    def places(self) -> Iterator[tuple[str, Any]]:
        """List the name of each file, and its place."""

    @abstractmethod
    def content(self, name: str, place: Any) -> bytes:
        """Read the bytes of the file in a place."""

    def names(self, *suffixes: str) -> list[str]:
        """Return the names, `/` between folders, in alphabetical order; with suffixes, of either case, only those."""
        chosen = tuple(suffix.lower() for suffix in suffixes)
        return sorted(name for name in self._places if not chosen or name.lower().endswith(chosen))

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def read(self, name: str) -> bytes:
        """Read one file.

        Raises:
            DataError: there is no such file, the name leads out of the folder or archive, or it is damaged.
            StorageError: it cannot be read.
        """
        refuse_escape(name, self.path)
        if name not in self._places:
            raise DataError(f"{self.path} holds no file {name}.", "Give the complete dataset.")
        content = self.content(name, self._places[name])
        if len(content) > MOST_BYTES:
            raise self._too_large(name)
        return content

    def _too_large(self, name: str) -> DataError:
        return DataError(f"{self.path}: {name} has more than {in_bytes(MOST_BYTES)}.", "Take it out.")


class FolderMembers(Members):
    """The files in a folder and its subfolders."""

    def places(self) -> Iterator[tuple[str, Path]]:

        def fail(error: OSError) -> None:
            raise error

        with storage_errors(self.path, "read"):
            for folder, _, names in os.walk(self.path, onerror=fail):
                for name in names:
                    place = Path(folder, name)
                    yield place.relative_to(self.path).as_posix(), place

    def content(self, name: str, place: Path) -> bytes:
        require_regular(place)
        with storage_errors(place, "read"), place.open("rb") as file:
            return file.read(MOST_BYTES + 1)


class ZipMembers(Members):
    """The files in a zip archive."""

    def places(self) -> Iterator[tuple[str, str]]:
        with storage_errors(self.path, "read"), archive_errors(self.path), zipfile.ZipFile(self.path) as archive:
            yield from ((info.filename, info.filename) for info in archive.infolist() if not info.is_dir())

    def content(self, name: str, place: str) -> bytes:
        with storage_errors(self.path, "read"), archive_errors(self.path):
            if self._archive().getinfo(place).file_size > MOST_BYTES:
                raise self._too_large(name)
            try:
                return self._archive().read(place)
            except RuntimeError as error:  # encrypted, or packed in a way that Python does not know
                raise DataError(f"{self.path}: {name} cannot be unpacked: {error}.", "Pack it again.") from error

    def _archive(self) -> zipfile.ZipFile:
        # One per process: those that were forked would share the position in the file.
        opened: tuple[int, zipfile.ZipFile] | None = self.__dict__.get("_opened")
        if opened is None or opened[0] != os.getpid():
            opened = self._opened = (os.getpid(), zipfile.ZipFile(self.path))
        return opened[1]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_opened"}


class TarMembers(Members):
    """The files in an uncompressed tar archive: their places are listed once, then each is read directly."""

    def places(self) -> Iterator[tuple[str, tuple[int, int]]]:
        with (
            storage_errors(self.path, "read"),
            archive_errors(self.path),
            self.path.open("rb") as file,
            tarfile.open(fileobj=SmallReads(file), mode="r:") as archive,
        ):
            for member in archive:
                if member.isfile() and not member.issparse():
                    yield member.name, (member.offset_data, member.size)

    def content(self, name: str, place: tuple[int, int]) -> bytes:
        start, size = place
        if size > MOST_BYTES:
            raise self._too_large(name)
        with storage_errors(self.path, "read"), self.path.open("rb") as file:
            file.seek(start)
            content = file.read(size)
        if len(content) < size:
            raise DataError(f"{self.path} ends within {name}.", "Replace it by a whole one.")
        return content


def open_members(path: Path) -> Members:
    """Open the files in a folder, a zip archive or a tar archive.

    Raises:
        DataError: it is none of these, compressed as a whole, damaged, holds one name twice or a path outside itself.
        StorageError: it is not there or cannot be read.
    """
    if path.is_dir():
        return FolderMembers(path)
    require_regular(path)
    with storage_errors(path, "read"), path.open("rb") as file:
        begin = file.read(8)
    if begin.startswith(_PACKED):
        raise DataError(f"{path} is compressed as a whole: no file in it can be read by itself.", "Unpack it first.")
    if zipfile.is_zipfile(path) or begin.startswith(b"PK"):
        return ZipMembers(path)
    if not is_tar(path):
        raise DataError(f"{path} is not a folder, zip or tar archive.", "Give the dataset's folder or archive.")
    return TarMembers(path)


@contextmanager
def unpacked_members(path: Path, scratch: Path) -> Iterator[Members]:
    """Open the files in a folder or archive; a gzipped tar archive is unpacked to `scratch` for as long as that takes.

    Raises:
        DataError, StorageError: as `open_members`; messages name `path`.
    """
    if path.is_dir() or not is_gzip(path):
        yield open_members(path)
        return
    try:
        unpack_gzip(path, scratch, MOST_UNPACKED)
        yield open_members(scratch)
    except DataError as error:
        raise DataError(error.problem.replace(str(scratch), str(path)), error.remedy) from error
    finally:
        scratch.unlink(missing_ok=True)


def refuse_escape(name: str, path: Path) -> None:
    """Refuse a name that leads out of the folder or archive that it belongs to.

    Raises:
        DataError: it is absolute, or goes up.
    """
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or ".." in parts or parts[0] == "/" or parts[0].endswith(":"):
        raise DataError(f"{path} names {name!r}, a path outside itself.", "Do not use it unless you trust its author.")
