"""Make the images of a set once, whichever process comes first, and keep them in a file of the cache."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.files.places import cache_folder
from disentangle_bench.datasets.files.progress import say, with_progress
from disentangle_bench.datasets.images import LazyImages, Shape
from disentangle_bench.errors import DataError, StorageError
from disentangle_bench.storage import cache_errors, locked, once, require_space

Batches = Callable[[], Iterable[NDArray[np.uint8]]]
Write = Callable[[Path, Shape, Iterable[NDArray[np.uint8]]], None]
Kept = TypeVar("Kept", bound=LazyImages)


def prepared_path(name: str, settings: Mapping[str, Any], suffix: str = ".h5") -> Path:
    """Return the path of the images with these settings."""
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    return cache_folder(name) / f"prepared-{key}{suffix}"


def made_once(
    name: str, path: Path, shape: Shape, batches: Batches, *, open_file: Callable[[Path], Kept], write: Write
) -> Kept:
    """Return the images in a file, which is made if it is absent or damaged; see `hdf5.prepared`.

    Args:
        name: of the dataset.
        path: of the file.
        shape: `(n, c, h, w)`.
        batches: called only if it has to be made; gives uint8 `(b, c, h, w)` until there are `n`.
        open_file: gives the images in a file; raises `DataError` of a damaged one.
        write: writes a file with these images, atomically.
    """

    def look() -> Kept | None:
        if path.is_file():
            with suppress(DataError):  # a damaged file is replaced
                images = open_file(path)
                return images if images.shape == shape else None
        return None

    def make() -> Kept:
        _sweep(path.parent)
        require_space(path.parent, int(np.prod(shape)), "the images")
        description = f"Preparing {shape[0]:,} image{'' if shape[0] == 1 else 's'} of {name}, once"
        write(path, shape, with_progress(description, shape[0], batches()))
        return open_file(path)

    def wait() -> None:
        say(f"Another process is preparing the images of {name}; waiting for it.")

    with cache_errors():
        return once(path, look, make, on_wait=wait)


def _sweep(folder: Path) -> None:
    """Remove what killed processes left of other images of the set: gigabytes that nobody may ask for again."""
    for leftover in folder.glob(".prepared-*.tmp.*"):
        lock = folder / f"{leftover.name[1:].partition('.')[0]}.lock"
        with suppress(StorageError), locked(lock, patience=0):
            leftover.unlink(missing_ok=True)


def numbered(shape: Shape, batches: Iterable[NDArray[np.uint8]]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield each batch with the row at which it begins; together they must have the shape `(n, c, h, w)`."""
    done = 0
    for batch in batches:
        if batch.shape[1:] != shape[1:]:
            raise ValueError(f"images {batch.shape[1:]} were made instead of {shape[1:]}")
        yield done, batch
        done += len(batch)
    if done != shape[0]:
        raise ValueError(f"{done} images were made instead of {shape[0]}")
