"""What is here of a dataset: at a glance, by the files' presence and size, or surely, by reading every byte again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from disentangle_bench.datasets.files.file import File, FileSet
from disentangle_bench.datasets.files.hashes import (
    Note,
    computed_sha256,
    content_fault,
    digests,
    expected_sha256,
    md5_mismatch,
    mismatch,
    note_on,
)
from disentangle_bench.datasets.files.places import cache_folder, require_some, user_folders
from disentangle_bench.datasets.files.scratch import kept_bytes
from disentangle_bench.errors import DataError

Presence = Literal["cached", "in DBENCH_DATA", "partly", "absent"]
Condition = Literal["whole", "unchanged", "unknown", "damaged", "missing", "not asked for"]


@dataclass(frozen=True)
class Verified:
    """One file after every byte of it was read.

    Attributes:
        condition: whole (the published hash); where none is known, unchanged since it came, or unknown if that was
            not noted; damaged; missing; or not asked for, if it is optional and not here.
        path: where it lies.
        fault: what is wrong with it.
    """

    name: str
    condition: Condition
    path: Path | None = None
    fault: str = ""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.condition not in ("damaged", "missing")


def presence(published: FileSet) -> Presence:
    """Say where the files are, as far as their names and sizes show; nothing is read."""
    needed = {name: file for name, file in published.files.items() if not file.optional}
    cache = cache_folder(published.name)
    try:
        own = user_folders(published.name, None, published.subfolders)
    except DataError:  # a listing is no place to complain of a variable
        own = []
    places = [_place(name, file, [*own, cache]) for name, file in needed.items()]
    if not all(places):
        return "partly" if any(places) or kept_bytes(cache, needed) else "absent"
    return "cached" if all(place and place.parent == cache for place in places) else "in DBENCH_DATA"


def standing(published: FileSet) -> Literal["", "verified", "unverified", "unknown"]:
    """Whether the hashes of all files were computed by this project, by others, or for some file are unknown."""
    files = published.files.values()
    if not all(file.hashed for file in files):
        return "unknown"
    if not all(file.verified for file in files):
        return "unverified"
    return "verified" if files else ""


def verify(published: FileSet, data_dir: Path | None = None) -> list[Verified]:
    """Read every file again, and compare it with what is declared, or was noted when it came.

    Args:
        published: the files.
        data_dir: the user's folder; by default `DBENCH_DATA`. What it holds goes before the cache.

    Raises:
        DataError: there is no such folder, or none of the files is in `data_dir`.
        StorageError: a file cannot be read.
    """
    own, cache = user_folders(published.name, data_dir, published.subfolders), cache_folder(published.name)
    require_some(published.name, published.files, data_dir, own)
    return [_verified(name, file, own, cache) for name, file in published.files.items()]


def _place(name: str, file: File, folders: Sequence[Path]) -> Path | None:
    for folder in folders:
        path = folder / name
        if path.is_file() and (not file.verified or file.bytes in (None, path.stat().st_size)):
            return path
    return None


def _verified(name: str, file: File, own: Sequence[Path], cache: Path) -> Verified:
    # A damaged file of the user's own is refused, whatever the cache has.
    places = ((expected, folders) for folders in (own, [cache]) for expected in (file, File(None)))
    path = next(filter(None, (_place(name, *place) for place in places)), None)
    if path is None:
        return Verified(name, "not asked for" if file.optional else "missing")
    place = note_on(path, cache)
    expected = expected_sha256(file, place)
    actual, md5 = digests(path, "sha256", "md5") if file.md5 else (computed_sha256(path), "")
    if fault := content_fault(path, file) or mismatch(file, actual, place) or md5_mismatch(file, md5):
        if note := Note.read(place):  # or damage that size and time do not show would go unnoticed
            replace(note, changed=0).keep(place, small=True)
        return Verified(name, "damaged", path, fault)
    Note.of(path, actual).keep(place, small=file.sha256 is None)
    return Verified(name, "whole" if file.hashed else "unchanged" if expected else "unknown", path)
