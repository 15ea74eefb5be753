"""Images in a file without compression, so that each can be read directly."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from disentangle_bench.datasets.images import LazyImages, Shape
from disentangle_bench.datasets.prepared.once import Batches, made_once, numbered, prepared_path
from disentangle_bench.errors import DataError
from disentangle_bench.storage import atomic_path, storage_errors

_SMALL = 2**30


class RawImages(LazyImages):
    """Images in a file without compression.

    They are read, not mapped: a map would count as this process's memory, and a disk's error in it would end the
    process. The system keeps in memory what it has room for either way.

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
        self._bytes = int(np.prod(shape[1:]))
        with storage_errors(path, "read"):
            there = path.stat().st_size
        needed = offset + shape[0] * self._bytes
        if there < needed:
            raise DataError(f"{path} is truncated: {there:,} of {needed:,} bytes.", "Replace it by a whole one.")

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the images of these rows; each run of neighbors is one access to the file."""
        found = np.empty((len(rows), self._bytes), np.uint8)
        borders = np.flatnonzero(np.diff(rows) != 1) + 1
        starts = [0, *borders.tolist()] if len(rows) else []
        view, size = found.data.cast("B") if found.size else memoryview(b""), self._bytes
        with storage_errors(self.path, "read"):
            for start, stop in zip(starts, [*starts[1:], len(rows)], strict=False):
                run, place = view[start * size : stop * size], self.offset + int(rows[start]) * size
                while run:
                    content = os.pread(self._handle, len(run), place)
                    if not content:
                        raise DataError(
                            f"{self.path} became shorter since it was opened.", "Replace it by a whole one."
                        )
                    run[: len(content)] = content
                    run, place = run[len(content) :], place + len(content)
        c, h, w = self.shape[1:]
        if self.channels_last:
            return np.ascontiguousarray(found.reshape(-1, h, w, c).transpose(0, 3, 1, 2))
        return found.reshape(-1, c, h, w)

    @cached_property
    def _handle(self) -> int:
        handle = os.open(self.path, os.O_RDONLY)
        weakref.finalize(self, os.close, handle)
        if hasattr(os, "posix_fadvise") and len(self) * self._bytes < _SMALL:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_WILLNEED)  # read ahead what fits, instead of page by page
        return handle

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_handle"}


class BinaryImages(LazyImages):
    """Black and white images of which a byte holds eight pixels of a line; as they are read, 0 and 255.

    Args:
        packed: `(n, c, h, w / 8)`, as `numpy.packbits` gives them.
    """

    def __init__(self, packed: LazyImages) -> None:
        n, c, h, w = packed.shape
        self.packed, self.shape, self.block = packed, (n, c, h, 8 * w), packed.block

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the images of these rows, unpacked."""
        pixels = np.unpackbits(self.packed.read(rows), axis=-1)
        pixels *= 255
        return pixels


def prepared_raw(name: str, settings: Mapping[str, Any], shape: Shape, batches: Batches) -> RawImages:
    """Do what `prepared` does, uncompressed: for sets that are small, or whose images are read one by one.

    Args:
        name: of the dataset, in whose folder of the cache they are kept.
        settings: JSON-able: everything that the images depend on.
        shape: `(n, c, h, w)`.
        batches: called only if they have to be made; gives uint8 `(b, c, h, w)` until there are `n`.

    Raises:
        StorageError: the cache cannot be written, or there is too little space.
    """
    return made_once(name, prepared_path(name, settings, ".npy"), shape, batches, open_file=open_npy, write=write_npy)


def open_npy(path: Path) -> RawImages:
    """Open the images in an npy file.

    Raises:
        DataError: it is damaged. StorageError: it cannot be read.
    """
    try:
        with storage_errors(path, "read"), path.open("rb") as file:
            npy.read_magic(file)
            (n, c, h, w), _, _ = npy.read_array_header_1_0(file)
            offset = file.tell()
    except ValueError as error:
        raise DataError(f"{path} is not a complete npy file: {error}.") from error
    return RawImages(path, (n, c, h, w), offset)


def write_npy(path: Path, shape: Shape, batches: Iterable[NDArray[np.uint8]]) -> None:
    """Write images `(n, c, h, w)` to an npy file, atomically, a batch at a time."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        npy.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for _, batch in numbered(shape, batches):
            file.write(np.ascontiguousarray(batch).data)
