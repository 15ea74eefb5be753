"""Images that are mapped from a file, uncompressed, so that any one is as near as any other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from disentangle_bench.datasets.images import LazyImages, Shape
from disentangle_bench.datasets.prepared import Batches, made_once, numbered, prepared_path
from disentangle_bench.errors import DataError
from disentangle_bench.storage import atomic_path, storage_errors


class MappedImages(LazyImages):
    """Images that lie in a file, one after another; the system keeps in memory what it has room for.

    Args:
        path: of the file.
        shape: `(n, c, h, w)`.
        offset: where the first one begins, in bytes.
        channels_last: whether they lie there as `(n, h, w, c)`.

    Raises:
        DataError: the file is too short.
        StorageError: it cannot be read.
    """

    def __init__(self, path: Path, shape: Shape, offset: int = 0, *, channels_last: bool = False) -> None:
        self.path, self.shape, self.offset, self.channels_last = path, shape, offset, channels_last
        with storage_errors(path, "read"):
            there = path.stat().st_size
        needed = offset + int(np.prod(shape))
        if there < needed:
            raise DataError(f"{path} is truncated: {there:,} of {needed:,} bytes.", "Replace it by a whole one.")

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images of these rows, copied out of the file."""
        found: NDArray[np.uint8] = self._array[rows]
        return np.ascontiguousarray(found.transpose(0, 3, 1, 2)) if self.channels_last else found

    @cached_property
    def _array(self) -> NDArray[np.uint8]:
        n, c, h, w = self.shape
        shape = (n, h, w, c) if self.channels_last else self.shape
        with storage_errors(self.path, "read"):
            return np.asarray(np.memmap(self.path, np.uint8, "r", self.offset, shape))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_array"}


class BinaryImages(LazyImages):
    """Black and white images of which a byte holds eight pixels of a line; as they are read, 0 and 255.

    Args:
        packed: `(n, c, h, w / 8)`, as `numpy.packbits` gives them.
    """

    def __init__(self, packed: LazyImages) -> None:
        n, c, h, w = packed.shape
        self.packed, self.shape, self.block = packed, (n, c, h, 8 * w), packed.block

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images of these rows, unpacked."""
        pixels = np.unpackbits(self.packed.read(rows), axis=-1)
        pixels *= 255
        return pixels


def mapped(name: str, settings: Mapping[str, Any], shape: Shape, batches: Batches) -> MappedImages:
    """As `prepared`, but kept uncompressed: for sets that are small, or whose images are wanted one by one.

    Args:
        name: of the dataset, in whose folder of the cache they are kept.
        settings: JSON-able: all on which the images depend.
        shape: `(n, c, h, w)`.
        batches: called only if they have to be made; gives uint8 `(b, c, h, w)` until there are `n`.

    Raises:
        StorageError: the cache cannot be written, or there is too little space.
    """
    path = prepared_path(name, settings, ".npy")
    return made_once(name, path, shape, batches, open_file=_open_npy, write=_write_npy)


def _open_npy(path: Path) -> MappedImages:
    try:
        with path.open("rb") as file:
            npy.read_magic(file)
            (n, c, h, w), _, _ = npy.read_array_header_1_0(file)
            offset = file.tell()
    except ValueError as error:
        raise DataError(f"{path} is no whole npy file: {error}.") from error
    return MappedImages(path, (n, c, h, w), offset)


def _write_npy(path: Path, shape: Shape, batches: Iterable[NDArray[np.uint8]]) -> None:
    """Written, not mapped: where a disk is full, a write says so, and a map ends the whole process."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        npy.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for _, batch in numbered(shape, batches):
            file.write(np.ascontiguousarray(batch).data)
