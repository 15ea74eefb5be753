"""What the files that a dataset was prepared from hold, as a short text, and what to forget of damaged ones."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from disentangle_bench.datasets.files.file import FileSet
from disentangle_bench.datasets.files.hashes import Note, digest_of, note_on
from disentangle_bench.datasets.files.places import cache_folder
from disentangle_bench.errors import DataError
from disentangle_bench.storage import storage_errors


def content_of(place: Path, dataset: str) -> str:
    """Return a text that differs for other content.

    Args:
        place: a file, of which it is the SHA-256, noted if the file is large; or a folder, of which it is the SHA-256
            of the names, sizes and times of change of the files in it.
        dataset: the name of the folder in the cache that keeps the note.

    Raises:
        StorageError: it cannot be read.
    """
    with storage_errors(place, "read"):
        if place.is_dir():
            return _listing(place)
        note = note_on(place, cache_folder(dataset))
        digest = digest_of(place, note)
        Note.of(place, digest).keep(note)
        return digest


def _listing(folder: Path) -> str:
    digest = hashlib.sha256()
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            state = path.stat()
            digest.update(f"{path.relative_to(folder)} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


@contextmanager
def forgotten_if_damaged(published: FileSet, path: Path) -> Iterator[None]:
    """Forget what was noted of a file without a published hash if it turns out to be damaged while it is read.

    Otherwise its replacement would have to match the damaged copy.
    """
    try:
        yield
    except DataError:
        if path.name in published.files and published.files[path.name].sha256 is None:
            with storage_errors(path):
                note_on(path, cache_folder(published.name)).unlink(missing_ok=True)
        raise
