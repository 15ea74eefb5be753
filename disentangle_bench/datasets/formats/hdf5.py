"""Images and tables in HDF5 files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.files.file import REPLACE
from disentangle_bench.datasets.images import LazyImages
from disentangle_bench.errors import DataError
from disentangle_bench.storage import require_own_data


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
        with hdf5_errors(path), h5py.File(path, "r") as file:
            require_own_data(file, [key])
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
        """Return the images of these rows; each run of neighbors is one access to the file."""
        wanted, places = np.unique(rows, return_inverse=True)
        c, h, w = self.shape[1:]
        found = np.empty((len(wanted), *self._image), np.uint8)
        with hdf5_errors(self.path):
            borders = [0, *(np.flatnonzero(np.diff(wanted) > 1) + 1), len(wanted)]
            for start, stop in ((start, stop) for start, stop in pairwise(borders) if start < stop):
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


def read_floats(path: Path, key: str, columns: int) -> NDArray[np.float64]:
    """Read an array `(n, columns)` of floats.

    Raises:
        DataError: no such file or array, or one of another shape or type.
    """
    with hdf5_errors(path), h5py.File(path, "r") as file:
        require_own_data(file, [key])
        table = file.get(key)
        if not isinstance(table, h5py.Dataset) or table.ndim != 2 or table.shape[1] != columns:
            found = f"{table.shape}" if isinstance(table, h5py.Dataset) else "none"
            raise DataError(f"{path} should hold {key!r} (n, {columns}); it holds {found}.", REPLACE)
        if table.dtype.kind != "f":
            raise DataError(f"{path}: {key!r} is {table.dtype}; it should be float64.", REPLACE)
        return np.asarray(table, dtype=np.float64)


@contextmanager
def hdf5_errors(path: Path) -> Iterator[None]:
    """Turn what h5py raises of a damaged file into a `DataError`."""
    try:
        yield
    except (OSError, KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} is not a readable HDF5 file: {reason}.", "Replace it by a whole one.") from error
