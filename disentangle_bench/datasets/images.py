"""Images in memory, or read or computed when needed: those of a set that is too large for memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, int, int, int]
BATCH_BYTES = 2**24


class Images(Protocol):
    """uint8 images `(n, c, h, w)`: NumPy arrays, and the classes below."""

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
        """Return some of the images `(b, c, h, w)`, for a slice, a mask or an array of integers."""
        ...


class LazyImages(ABC):
    """Images that are read or computed when needed. They can be pickled: open files are not part of that.

    Attributes:
        shape: `(n, c, h, w)`.
        block: how many neighbors are best read together, from a multiple of that number on; 1 if each image is read
            directly.
        kept: whether images stay in memory once they are read, so that reading all beforehand gains nothing.
    """

    shape: Shape
    block: int = 1
    kept: bool = False
    dtype = np.dtype(np.uint8)

    @abstractmethod
    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the images `(b, c, h, w)` of rows `(b,)` from 0 to n - 1, in any order; rows may repeat."""

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
            raise IndexError("images are indexed by an integer, or by one slice, mask or array of integers")
        if index.dtype == bool:
            if index.shape != (len(self),):
                raise IndexError(f"a mask of the shape {index.shape} for {len(self)} images")
            return np.flatnonzero(index)
        numbers: NDArray[np.int64] = index.astype(np.int64)
        if numbers.size and not (-len(self) <= numbers.min() and numbers.max() < len(self)):
            raise IndexError(f"rows {numbers.min()} to {numbers.max()} of {len(self)} images")
        return np.where(numbers < 0, numbers + len(self), numbers).astype(np.int64)


class SomeImages(LazyImages):
    """A selection of other images, in any order; nothing is copied.

    Args:
        images: the other images.
        rows: `(m,)` of those selected.
    """

    def __init__(self, images: Images, rows: NDArray[np.int64]) -> None:
        self.images, self.rows = images, rows
        self.shape = (len(rows), *images.shape[1:])
        self.block, self.kept = block_of(images), bool(getattr(images, "kept", False))

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the images of these rows of the selection."""
        chosen: NDArray[np.uint8] = self.images[self.rows[rows]]
        return chosen


def block_of(images: Images) -> int:
    """Return how many neighbors are best read together; 1 for an array."""
    return int(getattr(images, "block", 1))


def in_batches(images: Images, size: int | None = None) -> Iterator[NDArray[np.uint8]]:
    """Yield all images in order, `size` at a time, by default some megabytes in whole blocks."""
    if size is None:
        block = block_of(images)
        size = max(1, BATCH_BYTES // max(1, block * int(np.prod(images.shape[1:])))) * block
    for start in range(0, len(images), size):
        yield images[start : start + size]
