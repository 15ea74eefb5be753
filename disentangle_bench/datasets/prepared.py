"""Images that take long to make: decoded or resized once, and kept in the cache."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.files.content import content_of
from disentangle_bench.datasets.files.places import cache_folder
from disentangle_bench.datasets.files.progress import say, with_progress
from disentangle_bench.datasets.formats.hdf5 import StoredImages
from disentangle_bench.datasets.images import LazyImages, Shape, in_batches
from disentangle_bench.errors import DataError, StorageError
from disentangle_bench.storage import atomic_path, cache_errors, locked, once, require_space

CHUNK_BYTES = 2**18
"""Large enough to compress and to read at speed, small enough that a single image is not far."""

Batches = Callable[[], Iterable[NDArray[np.uint8]]]
Write = Callable[[Path, Shape, Iterable[NDArray[np.uint8]]], None]
Kept = TypeVar("Kept", bound=LazyImages)


def prepared(name: str, settings: Mapping[str, Any], shape: Shape, batches: Batches) -> StoredImages:
    """Return the images that `batches` makes, from the cache if they were made before.

    Of several processes one makes them, and the others wait.

    Args:
        name: of the dataset, in whose folder of the cache they are kept.
        settings: JSON-able: everything that the images depend on, including a version of the code that makes them.
        shape: `(n, c, h, w)`.
        batches: called only if they have to be made; gives uint8 `(b, c, h, w)` until there are `n`.

    Raises:
        StorageError: the cache cannot be written, or there is too little space.
    """
    return made_once(
        name, prepared_path(name, settings), shape, batches, open_file=StoredImages, write=write_hdf5_images
    )


def in_whole_images(stored: StoredImages, dataset: str) -> StoredImages:
    """Return stored images, from a copy in the cache if the file's chunks hold parts of images.

    Args:
        stored: the images.
        dataset: in whose folder of the cache the copy is kept.

    Raises:
        StorageError: the cache cannot be written, or there is too little space.
    """
    if not stored.cut:
        return stored
    settings = {"version": 1, "content": content_of(stored.path, dataset)}
    return prepared(dataset, settings, stored.shape, lambda: in_batches(stored))


def prepared_path(name: str, settings: Mapping[str, Any], suffix: str = ".h5") -> Path:
    """Return the path of the images with these settings."""
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    return cache_folder(name) / f"prepared-{key}{suffix}"


def made_once(
    name: str, path: Path, shape: Shape, batches: Batches, *, open_file: Callable[[Path], Kept], write: Write
) -> Kept:
    """Return the images in a file, which is made if it is absent or damaged; see `prepared`.

    Args:
        name: of the dataset.
        path: of the file.
        shape: `(n, c, h, w)`.
        batches: as of `prepared`.
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


def write_hdf5_images(path: Path, shape: Shape, batches: Iterable[NDArray[np.uint8]]) -> None:
    """Write images `(n, c, h, w)` to an HDF5 file, atomically, a batch at a time."""
    rows = max(1, min(shape[0], CHUNK_BYTES // int(np.prod(shape[1:]))))
    with atomic_path(path) as temporary, h5py.File(temporary, "w", libver=("v110", "v110")) as file:
        images = file.create_dataset("images", shape, np.uint8, chunks=(rows, *shape[1:]), compression="lzf")
        for start, batch in numbered(shape, batches):
            require_space(path.parent, batch.nbytes, "the images")  # on a full disk, HDF5 ends the whole process
            images[start : start + len(batch)] = batch


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
