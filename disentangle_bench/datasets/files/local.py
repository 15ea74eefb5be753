"""Copies of files on this machine: in a folder that mirrors them, or where the user says."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from disentangle_bench.datasets.files.archives import is_tar, unpack_found, unpack_gzip
from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.hashes import Note, computed_sha256, note_on
from disentangle_bench.datasets.files.progress import progress
from disentangle_bench.storage import require_regular, require_space, storage_errors

_CHUNK = 1 << 20


@dataclass(frozen=True)
class LocalFolder:
    """A folder that holds files as they are or as `.gz`, in subfolders or in itself."""

    path: Path
    subfolders: tuple[str, ...] = ()
    network = False

    @property
    def name(self) -> str:
        return str(self.path)

    def fetch(self, wanted: Mapping[str, File], into: Path) -> None:
        places = [self.path / part for part in (*self.subfolders, "")]
        for name in wanted:
            _take_first(name, (place / name for place in places), into, wanted[name].most)


@dataclass(frozen=True)
class LocalCopy:
    """What the user gives as a copy of the files: one of them, a folder that holds them at any depth, or an archive.

    A single file under another name is recognized by its size and SHA-256. Of several files of one name the right one
    is copied.

    Attributes:
        files: what is declared of each file.
    """

    path: Path
    files: Mapping[str, File]
    network = False

    @property
    def name(self) -> str:
        return str(self.path)

    def fetch(self, wanted: Mapping[str, File], into: Path) -> None:
        if self.path.is_dir():
            for name in wanted:
                _take_first(name, self._candidates(name), into, wanted[name].most)
            return
        require_regular(self.path)
        size = self.path.stat().st_size
        if self.path.name in wanted:
            copy_file(self.path, into / self.path.name)
        elif (name := self.path.name.removesuffix(".gz")) in wanted:
            unpack_gzip(self.path, into / name, wanted[name].most)
        elif renamed := [
            name
            for name in wanted
            if self.files[name].bytes == size and self.files[name].sha256 in (None, computed_sha256(self.path))
        ]:
            copy_file(self.path, into / renamed[0])
        elif zipfile.is_zipfile(self.path) or is_tar(self.path):
            unpack_found(self.path, wanted, into)

    def _candidates(self, name: str) -> list[Path]:
        """List where a file may be: the right one first, or else the least deep."""
        # Not by rglob, which fails if a folder vanishes while it searches.
        found = {Path(folder, name) for folder, _, there in os.walk(self.path) if {name, f"{name}.gz"} & set(there)}
        places = sorted(found, key=lambda path: (len(path.parts), path))
        expected = self.files[name].sha256
        if expected and len(places) > 1:
            places.sort(key=lambda path: not path.is_file() or computed_sha256(path) != expected)
        return places


def _take_first(name: str, places: Iterable[Path], into: Path, most: int) -> None:
    for place in places:
        if place.is_file():
            copy_file(place, into / name)
            return
        if (packed := place.with_name(f"{name}.gz")).is_file():
            unpack_gzip(packed, into / name, most)
            return


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, with a progress bar if standard error is a terminal; its SHA-256 is computed on the way.

    Raises:
        StorageError: the source cannot be read, or the target's disk has too little space.
        OSError: the target cannot be written.
    """
    with storage_errors(source, "read"):
        size = source.stat().st_size
    require_space(target.parent, size, source.name)
    digest = hashlib.sha256()
    unfinished = target.with_name(f"{target.name}.copy")
    with unfinished.open("wb") as out, progress(f"Copying {source.name}", size) as moved:
        for chunk in _chunks(source):
            out.write(chunk)
            digest.update(chunk)
            moved(len(chunk))
    unfinished.replace(target)
    Note.of(target, digest.hexdigest()).keep(note_on(target, target.parent))


def _chunks(source: Path) -> Iterator[bytes]:
    with storage_errors(source, "read"):
        file = source.open("rb")
    with file:
        while True:
            with storage_errors(source, "read"):
                chunk = file.read(_CHUNK)
            if not chunk:
                return
            yield chunk
