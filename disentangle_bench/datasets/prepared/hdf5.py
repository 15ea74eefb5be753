"""Images that are made once, compressed, in a file of the cache that is read a few images at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.files.content import content_of
from disentangle_bench.datasets.formats.hdf5 import StoredImages
from disentangle_bench.datasets.images import Shape, in_batches
from disentangle_bench.datasets.prepared.once import Batches, made_once, numbered, prepared_path
from disentangle_bench.storage import atomic_path, require_space

CHUNK_BYTES = 2**18
"""Large enough to compress and to read at speed, small enough that a single image is not far."""


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


def write_hdf5_images(path: Path, shape: Shape, batches: Iterable[NDArray[np.uint8]]) -> None:
    """Write images `(n, c, h, w)` to an HDF5 file, atomically, a batch at a time."""
    rows = max(1, min(shape[0], CHUNK_BYTES // int(np.prod(shape[1:]))))
    with atomic_path(path) as temporary, h5py.File(temporary, "w", libver=("v110", "v110")) as file:
        images = file.create_dataset("images", shape, np.uint8, chunks=(rows, *shape[1:]), compression="lzf")
        for start, batch in numbered(shape, batches):
            require_space(path.parent, batch.nbytes, "the images")  # on a full disk, HDF5 ends the whole process
            images[start : start + len(batch)] = batch
