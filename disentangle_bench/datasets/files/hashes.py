"""The SHA-256 of large files, kept in notes so that twelve gigabytes are not read again at every start.

A note is valid as long as the file has the size and time of change that it was written for. Small files are read again:
that is quick and finds every change.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from disentangle_bench.datasets.files.file import File
from disentangle_bench.datasets.files.progress import progress, say
from disentangle_bench.errors import DataError, StorageError
from disentangle_bench.storage import storage_errors, write_json

_LARGE = 1 << 27  # bytes, about what is read in a tenth of a second
_LEAST = 0.01  # of an estimated size; the compressed copies of some sets are a lot smaller
_UNVERIFIED = "which others published and this project could not verify (if your file is the original, report both)"


@dataclass(frozen=True)
class Note:
    """The SHA-256 of a file, and what the file looked like at that time."""

    sha256: str
    bytes: int
    changed: int

    @classmethod
    def of(cls, path: Path, digest: str) -> Self:
        """Note the file as it is now."""
        state = path.stat()
        return cls(digest, state.st_size, state.st_mtime_ns)

    @classmethod
    def read(cls, place: Path) -> Self | None:
        """Read the note at a place; None if there is no valid one."""
        try:
            return cls(**json.loads(place.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def keep(self, place: Path, *, small: bool = False) -> None:
        """Write the note, on a small file only with `small`; if that fails, the file is read again the next time."""
        if (self.bytes < _LARGE and not small) or Note.read(place) == self:
            return
        with suppress(StorageError):
            write_json(place, asdict(self))


def note_on(path: Path, cache: Path) -> Path:
    """Return the path of the note on a file: always in the cache, never in the user's folders."""
    if path.parent == cache:
        return cache / f".{path.name}.sha256.json"
    folder = hashlib.sha256(str(path.parent.resolve()).encode()).hexdigest()[:12]
    return cache / f".{path.name}.{folder}.sha256.json"


def digest_of(path: Path, place: Path) -> str:
    """Return the SHA-256 of a file, from its note if that is still valid.

    Raises:
        StorageError: the file cannot be read.
    """
    with storage_errors(path, "read"):
        note = Note.read(place)
        return note.sha256 if note and note == Note.of(path, note.sha256) else computed_sha256(path)


def expected_sha256(file: File, place: Path) -> str | None:
    """Return the expected SHA-256: the published one, or else that of the first copy, if that was noted."""
    note = None if file.sha256 else Note.read(place)
    return note.sha256 if note else file.sha256


def mismatch(file: File, actual: str, place: Path) -> str:
    """Describe what is wrong with a SHA-256; empty if nothing is, or none is known."""
    expected = expected_sha256(file, place)
    if expected is None or actual == expected:
        return ""
    fault = f"has the SHA-256 {actual} instead of {expected}"
    if file.sha256 is None:
        return f"{fault}, which the first copy had (if this one is right, remove {place})"
    return fault if file.verified else f"{fault}, {_UNVERIFIED}"


def md5_mismatch(file: File, actual: str) -> str:
    """Describe what is wrong with an MD5; empty if nothing is, or none is known."""
    wrong = file.md5 is not None and actual != file.md5
    return f"has the MD5 {actual} instead of {file.md5}, {_UNVERIFIED}" if wrong else ""


def size_fault(path: Path, file: File) -> str:
    """Describe what is wrong with the size of a file without a known hash; empty if it is near the declared one."""
    if file.bytes is None or file.hashed:
        return ""
    size = path.stat().st_size
    near = _LEAST * file.bytes <= size <= file.most
    return "" if near else f"has {size:,} bytes instead of about {file.bytes:,}"


def content_fault(path: Path, file: File) -> str:
    """Describe what shows that a file without a published hash is another one; empty if nothing does."""
    if file.check is not None and not file.hashed:
        try:
            file.check(path)
        except DataError as error:
            return f"is not the published file: {error.problem.rstrip('.')}"
    return ""


def fault_of(path: Path, file: File, place: Path, computed: Path | None = None) -> str:
    """Describe what is wrong with a file's bytes; a right file is noted, so that it is not read again.

    Args:
        path: the file.
        file: what is declared of it.
        place: where the note on it lies, or will lie once it is where it belongs.
        computed: where the note of the download or copy that has just written the file lies.

    Raises:
        StorageError: the file cannot be read.
    """
    with storage_errors(path, "read"):
        size = path.stat().st_size
    if file.verified and file.bytes not in (None, size):
        return f"has {size:,} bytes instead of {file.bytes:,}"
    if fault := content_fault(path, file):
        return fault
    actual = digest_of(path, computed or place)
    if fault := mismatch(file, actual, place):
        return fault
    if expected_sha256(file, place) is None:  # the first copy
        if file.md5 is None:
            say(f"No hash of {path.name} is published: from now on its SHA-256 has to stay {actual}.")
        elif fault := md5_mismatch(file, *digests(path, "md5")):
            return fault
    Note.of(path, actual).keep(place, small=file.sha256 is None)
    return ""


def computed_sha256(path: Path) -> str:
    """Compute the SHA-256 of a file's bytes, with a progress bar if it is large.

    Raises:
        StorageError: the file cannot be read.
    """
    return digests(path, "sha256")[0]


def digests(path: Path, *algorithms: str) -> tuple[str, ...]:
    """Compute hashes of a file's bytes by their names in `hashlib`, with a progress bar if it is large.

    Raises:
        StorageError: the file cannot be read.
    """
    states = [hashlib.new(name, usedforsecurity=False) for name in algorithms]
    with storage_errors(path, "read"), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        with progress(f"Checking {path.name}", size) if size >= _LARGE else nullcontext(lambda _further: None) as moved:
            while chunk := file.read(1 << 20):
                for state in states:
                    state.update(chunk)
                moved(len(chunk))
    return tuple(state.hexdigest() for state in states)
