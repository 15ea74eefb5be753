"""What the files that a dataset was prepared from hold, as a short text, and what to forget of damaged ones."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
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
            listing = hashlib.sha256()
            for parent, folders, names in os.walk(place):
                folders.sort()
                for path in (Path(parent, name) for name in sorted(names)):
                    state = path.stat()
                    listing.update(f"{path.relative_to(place)} {state.st_size} {state.st_mtime_ns}\n".encode())
            return listing.hexdigest()
        note = note_on(place, cache_folder(dataset))
        digest = digest_of(place, note)
        Note.of(place, digest).keep(note)
        return digest


def listing_of(folder: Path, names: Sequence[str]) -> str:
    """Return a text that differs if one of the named files in a folder has another name, size or time of change.

    Raises:
        StorageError: one of them cannot be read.
    """
    with storage_errors(folder, "read"):
        states = [(folder / name).stat() for name in names]
    listed = [[name, state.st_size, state.st_mtime_ns] for name, state in zip(names, states, strict=True)]
    return hashlib.sha256(json.dumps([str(folder.resolve()), listed]).encode()).hexdigest()


@contextmanager
def forgotten_if_damaged(published: FileSet, path: Path) -> Iterator[None]:
    """Forget what was noted of a file without a published SHA-256 if it turns out to be damaged while it is read.

    Otherwise its replacement would have to match the damaged copy. A downloaded file without any hash is removed, or
    it would be taken for the right one again.
    """
    try:
        yield
    except DataError:
        if path.name in published.files and published.files[path.name].sha256 is None:
            cache = cache_folder(published.name)
            with storage_errors(path):
                note_on(path, cache).unlink(missing_ok=True)
                if path.parent == cache and not published.files[path.name].hashed:
                    path.unlink(missing_ok=True)
        raise
