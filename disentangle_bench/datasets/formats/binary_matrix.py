"""The binary matrices of small NORB: a magic number for the type, the sizes, then the values, all little-endian.

Layout, as the set's authors describe it: 4 bytes of magic number, 4 for the number of dimensions, 4 for the size of
each dimension, of which at least three are there, then the values in C order.
"""

from __future__ import annotations

import gzip
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from disentangle_bench.datasets.files.archives import archive_errors, is_gzip
from disentangle_bench.errors import DataError
from disentangle_bench.storage import storage_errors

_TYPES = {0x1E3D4C51: "<f4", 0x1E3D4C53: "<f8", 0x1E3D4C54: "<i4", 0x1E3D4C55: "u1", 0x1E3D4C56: "<i2"}
_LEAST_SIZES, _MOST_DIMENSIONS = 3, 8
_REMEDY = "Replace it by the published file, as it is or as .gz."


@dataclass(frozen=True)
class BinaryMatrix:
    """One matrix, as it is or in gzip, of which nothing but the header has been read.

    Attributes:
        path: of its file.
        shape: the first axis counts its rows.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @classmethod
    def find(cls, path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> BinaryMatrix:
        """Find the matrix in a file, which has to be of this type and shape.

        Raises:
            DataError: a wrong magic number, type or shape, or damaged.
            StorageError: the file cannot be read.
        """
        with _opened(path) as file:
            found, sizes = _header(path, file)
        if found != np.dtype(dtype) or sizes != shape:
            raise DataError(f"{path} holds {found} {sizes}; it should hold {np.dtype(dtype)} {shape}.", _REMEDY)
        return cls(path, sizes, found)

    def read(self) -> NDArray[Any]:
        """Read the whole matrix.

        Raises:
            DataError: it is truncated, damaged, or has bytes too many.
        """
        return np.concatenate(list(self.batches(max(1, self.shape[0]))))

    def batches(self, rows: int) -> Iterator[NDArray[Any]]:
        """Yield the matrix in order, this many rows at a time.

        Raises:
            DataError: it is truncated, damaged, or has bytes too many.
        """
        row_bytes = math.prod(self.shape[1:]) * self.dtype.itemsize
        with _opened(self.path) as file:
            _header(self.path, file)
            for start in range(0, self.shape[0], rows):
                count = min(rows, self.shape[0] - start)
                content = file.read(count * row_bytes)
                if len(content) < count * row_bytes:
                    whole = start + len(content) // row_bytes
                    raise DataError(f"{self.path} is truncated: {whole:,} of {self.shape[0]:,} rows.", _REMEDY)
                yield np.frombuffer(content, self.dtype).reshape(count, *self.shape[1:])
            if file.read(1):  # at the end, gzip's checksum is compared
                raise DataError(f"{self.path} has more bytes than its {self.shape} values.", _REMEDY)


def _header(path: Path, file: IO[bytes] | gzip.GzipFile) -> tuple[np.dtype[Any], tuple[int, ...]]:
    begin = file.read(8)
    magic, dimensions = struct.unpack("<Ii", begin) if len(begin) == 8 else (0, 0)
    if magic not in _TYPES or not 0 < dimensions <= _MOST_DIMENSIONS:
        said = begin.hex(" ") or "nothing"
        raise DataError(f"{path} is not a binary matrix of small NORB: it begins with {said}.", _REMEDY)
    sizes = file.read(4 * max(dimensions, _LEAST_SIZES))
    if len(sizes) < 4 * max(dimensions, _LEAST_SIZES):
        raise DataError(f"{path} is truncated within its header.", _REMEDY)
    return np.dtype(_TYPES[magic]), struct.unpack(f"<{len(sizes) // 4}i", sizes)[:dimensions]


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    packed = is_gzip(path)
    with storage_errors(path, "read"), archive_errors(path), path.open("rb") as file:
        yield gzip.GzipFile(fileobj=file) if packed else file
