"""Named arrays in the user's npz and HDF5 files, whose images stay in the file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.formats.hdf5 import StoredImages, hdf5_errors
from disentangle_bench.datasets.formats.npz import NpzArray, npz_names
from disentangle_bench.datasets.images import Images
from disentangle_bench.datasets.prepared.npz_images import npz_images
from disentangle_bench.errors import DataError
from disentangle_bench.storage import require_own_data, require_regular, storage_errors


class ArrayFile(ABC):
    """A file with named arrays.

    Attributes:
        path: of the file.
        names: of the arrays in it.
    """

    def __init__(self, path: Path, names: list[str]) -> None:
        self.path, self.names = path, names

    @abstractmethod
    def shape(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Return the shape and type of an array without reading it."""

    @abstractmethod
    def read(self, name: str) -> NDArray[Any]:
        """Read a whole array."""

    @abstractmethod
    def images(self, name: str, shape: tuple[int, ...], *, channels_last: bool, dataset: str) -> Images:
        """Return an array of uint8 images as `(n, c, h, w)`; only those that are needed are read."""

    @abstractmethod
    def factors(self, name: str) -> tuple[NDArray[Any], list[str], list[str]]:
        """Read an array of factors, the names of its columns and their kinds; empty if they are not given."""


def open_arrays(path: Path) -> ArrayFile:
    """Open the arrays in a file, whose format is known by its content.

    Raises:
        DataError: it is neither npz nor HDF5. StorageError: it cannot be read.
    """
    require_regular(path)
    with storage_errors(path, "read"), path.open("rb") as file:
        begin = file.read(8)
    if begin.startswith(b"PK"):
        return NpzFile(path, npz_names(path))
    if begin == b"\x89HDF\r\n\x1a\n":
        with hdf5_errors(path), h5py.File(path, "r") as file:
            require_own_data(file, file)
            return Hdf5File(path, [name for name, array in file.items() if isinstance(array, h5py.Dataset)])
    raise DataError(f"{path} is neither an npz nor an HDF5 file.", "NumPy's savez and h5py write such files.")


class NpzFile(ArrayFile):
    """An npz file. Nothing in it is ever unpickled."""

    def shape(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        array = NpzArray.of(self.path, name)
        return array.shape, array.dtype

    def read(self, name: str) -> NDArray[Any]:
        return NpzArray.of(self.path, name).read()

    def images(self, name: str, shape: tuple[int, ...], *, channels_last: bool, dataset: str) -> Images:
        array = NpzArray.of(self.path, name)
        settings = {"version": 1, "name": name, "shape": shape, "last": channels_last, "checksum": array.checksum}
        return npz_images(array, dataset, settings, channels_last=channels_last)

    def factors(self, name: str) -> tuple[NDArray[Any], list[str], list[str]]:
        prefix = name.removesuffix("s")
        given = [[*map(str, self.read(key))] if (key := f"{prefix}_{what}") in self.names else [] for what in _GIVEN]
        return self.read(name), given[0], given[1]


class Hdf5File(ArrayFile):
    """An HDF5 file."""

    def shape(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        with hdf5_errors(self.path), h5py.File(self.path, "r") as file:
            return tuple(file[name].shape), file[name].dtype

    def read(self, name: str) -> NDArray[Any]:
        with hdf5_errors(self.path), h5py.File(self.path, "r") as file:
            array = file[name]
            is_text = h5py.check_string_dtype(array.dtype) is not None
            return np.array(array.asstr()[()].tolist()) if is_text else np.asarray(array[()])

    def images(self, name: str, shape: tuple[int, ...], *, channels_last: bool, dataset: str) -> Images:
        return StoredImages(self.path, name, channels_last=channels_last)

    def factors(self, name: str) -> tuple[NDArray[Any], list[str], list[str]]:
        with hdf5_errors(self.path), h5py.File(self.path, "r") as file:
            attributes = file[name].attrs
            given = [[*map(str, np.atleast_1d(attributes[key]))] if key in attributes else [] for key in _GIVEN]
        return self.read(name), given[0], given[1]


_GIVEN = ("names", "kinds")
