"""Images in memory, or read or drawn when they are asked for: those of a set that is too big for memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import DataError

Shape = tuple[int, int, int, int]
BATCH_BYTES = 2**24


class Images(Protocol):
    """uint8 images `(n, c, h, w)`. A NumPy array is such images, and so are those below."""

    @property
    def shape(self) -> Any:
        """`(n, c, h, w)`."""
        ...

    @property
    def dtype(self) -> Any:
        """uint8."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> Any:
        """Some of the images `(b, c, h, w)`, for a slice, a mask or an array of whole numbers."""
        ...


class LazyImages(ABC):
    """Images that are read or drawn when they are asked for. They can be pickled: nothing is held open.

    Attributes:
        shape: `(n, c, h, w)`.
        block: how many neighbours are best read together, from a multiple of that number on; 1 if any image is as
            near as any other.
        kept: whether those that were asked for stay in memory, so that nothing is won by asking for all beforehand.
    """

    shape: Shape
    block: int = 1
    kept: bool = False
    dtype = np.dtype(np.uint8)

    @abstractmethod
    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images `(b, c, h, w)` of rows `(b,)` from 0 to n - 1, in any order; a row may occur again."""

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> NDArray[np.uint8]:
        if isinstance(rows, slice) or np.ndim(rows) > 0:
            return self.read(self._numbers(rows))
        image: NDArray[np.uint8] = self.read(self._numbers([rows]))[0]
        return image

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype=dtype)

    def _numbers(self, rows: Any) -> NDArray[np.int64]:
        if isinstance(rows, slice):
            return np.arange(*rows.indices(len(self)), dtype=np.int64)
        index = np.asarray(rows)
        if isinstance(rows, tuple) or index.ndim != 1 or (index.size and index.dtype.kind not in "biu"):
            raise IndexError("images are indexed by a whole number, or by one slice, mask or array of whole numbers")
        if index.dtype == bool:
            if index.shape != (len(self),):
                raise IndexError(f"a mask of the shape {index.shape} for {len(self)} images")
            return np.flatnonzero(index)
        numbers: NDArray[np.int64] = index.astype(np.int64)
        if numbers.size and not (-len(self) <= numbers.min() and numbers.max() < len(self)):
            raise IndexError(f"rows {numbers.min()} to {numbers.max()} of {len(self)} images")
        return np.where(numbers < 0, numbers + len(self), numbers).astype(np.int64)


class SomeImages(LazyImages):
    """Some of other images, in an order of one's own; they stay where they are.

    Args:
        images: of which these are some.
        rows: `(m,)` which ones.
    """

    def __init__(self, images: Images, rows: NDArray[np.int64]) -> None:
        self.images, self.rows = images, rows
        self.shape = (len(rows), *images.shape[1:])
        self.block, self.kept = block_of(images), bool(getattr(images, "kept", False))

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images of these rows of the selection."""
        chosen: NDArray[np.uint8] = self.images[self.rows[rows]]
        return chosen


class StoredImages(LazyImages):
    """Images in an HDF5 file.

    Args:
        path: of the file.
        key: the name of the array in it, uint8 `(n, c, h, w)`, or `(n, h, w, c)` with `channels_last`, or `(n, h, w)`.
        channels_last: the order of its axes.

    Attributes:
        cut: whether the file's chunks hold parts of images, so that a single image takes as long as a whole block.

    Raises:
        DataError: no such file or array, or one of another shape or type.
    """

    def __init__(self, path: Path, key: str = "images", *, channels_last: bool = False) -> None:
        self.path, self.key, self.channels_last = path, key, channels_last
        with hdf5_damage_told(path), h5py.File(path, "r") as file:
            array = file.get(key)
            if not isinstance(array, h5py.Dataset) or array.ndim not in (3, 4) or array.dtype != np.uint8:
                found = f"{array.shape} {array.dtype}" if isinstance(array, h5py.Dataset) else "none"
                raise DataError(f"{path} should hold uint8 images of three or four axes as {key!r}; it holds {found}.")
            n, *rest = array.shape
            self._image = tuple(rest)
            self.block = array.chunks[0] if array.chunks else 1
            self.cut = bool(array.chunks) and array.chunks[1:] != array.shape[1:]
        if len(rest) == 2:
            rest, self.channels_last = [1, *rest], False
        c, h, w = (rest[2], rest[0], rest[1]) if self.channels_last else rest
        self.shape = (n, c, h, w)

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images of these rows; each run of neighbours is one access to the file."""
        wanted, places = np.unique(rows, return_inverse=True)
        c, h, w = self.shape[1:]
        found = np.empty((len(wanted), *self._image), np.uint8)
        with hdf5_damage_told(self.path):
            for start, stop in _runs(wanted):
                self._array.read_direct(found, np.s_[wanted[start] : wanted[stop - 1] + 1], np.s_[start:stop])
        ordered = found if len(places) == len(wanted) and (places[1:] > places[:-1]).all() else found[places]
        if self.channels_last:
            return np.ascontiguousarray(ordered.reshape(-1, h, w, c).transpose(0, 3, 1, 2))
        return ordered.reshape(-1, c, h, w)

    @cached_property
    def _array(self) -> Any:
        return h5py.File(self.path, "r")[self.key]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_array"}


def block_of(images: Images) -> int:
    """How many neighbours are best read together; 1 for an array."""
    return int(getattr(images, "block", 1))


def in_batches(images: Images, size: int | None = None) -> Iterator[NDArray[np.uint8]]:
    """All images in order, `size` at a time, by default as many as some megabytes hold, in whole blocks."""
    if size is None:
        block = block_of(images)
        size = max(1, BATCH_BYTES // max(1, block * int(np.prod(images.shape[1:])))) * block
    for start in range(0, len(images), size):
        yield images[start : start + size]


def _runs(numbers: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Where each run of whole numbers that follow one another begins and ends, of sorted ones."""
    borders = [0, *(np.flatnonzero(np.diff(numbers) > 1) + 1), len(numbers)]
    return ((start, stop) for start, stop in pairwise(borders) if start < stop)


@contextmanager
def hdf5_damage_told(path: Path) -> Iterator[None]:
    """Turn what h5py raises of a damaged file into a `DataError`."""
    try:
        yield
    except (OSError, KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} is no readable HDF5 file: {reason}.", "Replace it by a whole one.") from error
