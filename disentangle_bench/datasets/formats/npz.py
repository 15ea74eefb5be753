"""Arrays in npz files, read in batches, and their offsets. Nothing in them is ever unpickled."""

from __future__ import annotations

import errno
import lzma
import math
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

from disentangle_bench.errors import DataError
from disentangle_bench.storage import storage_errors

_REMEDY = "Replace it by the published file; write one of your own again."
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # of a zip member: its mark, the lengths of its name and of its extra field
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, ValueError, NotImplementedError,
    RuntimeError, OSError,
)  # fmt: skip


@dataclass(frozen=True)
class NpzArray:
    """One array of an npz file, of which nothing but the header has been read.

    Attributes:
        path: of the npz file.
        key: the array's name in it.
        shape: its shape; the first axis counts its rows.
        checksum: the CRC-32 of its bytes, as the file states it: the same array, the same number.
    """

    path: Path
    key: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    checksum: int

    @classmethod
    def find(cls, path: Path, key: str, dtype: DTypeLike, rest: tuple[int, ...]) -> NpzArray:
        """Find the array with this name, with any number of rows.

        Args:
            path: of the npz file.
            key: the array's name.
            dtype: what it should hold.
            rest: its shape after the first axis.

        Raises:
            DataError: not an npz file, no such array, or one of another shape or type.
            StorageError: the file cannot be read.
        """
        array = cls.of(path, key)
        if array.dtype != np.dtype(dtype) or not array.shape or array.shape[1:] != rest:
            expected = ", ".join(("n", *map(str, rest)))
            raise DataError(
                f"{path}: {key!r} is {array.dtype} {array.shape}; it should be {np.dtype(dtype)} ({expected}).", _REMEDY
            )
        return array

    @classmethod
    def of(cls, path: Path, key: str) -> NpzArray:
        """Find the array with this name, of any type and shape.

        Raises:
            DataError: not an npz file, no such array, or one of objects or in Fortran order.
            StorageError: the file cannot be read.
        """
        with _opened(path) as archive:
            names = _names(archive)
            if key not in names:
                raise DataError(f"{path} has no array {key!r}; it has {', '.join(names) or 'none'}.", _REMEDY)
            member = archive.getinfo(f"{key}.npy")
            with archive.open(member) as file:
                shape, fortran, found = _header(file)
                values = member.file_size - file.tell()
        if found.hasobject or (fortran and len(shape) > 1):
            raise DataError(f"{path}: {key!r} is {found} {shape}{' in Fortran order' if fortran else ''}.", _REMEDY)
        if values != math.prod(shape) * found.itemsize:
            raise DataError(f"{path}: {key!r} has {values:,} bytes, which {found} {shape} does not fill.", _REMEDY)
        return cls(path, key, shape, found, member.CRC)

    def __len__(self) -> int:
        return self.shape[0]

    def read(self) -> NDArray[Any]:
        """Read the whole array.

        Raises:
            DataError: its bytes are damaged.
        """
        whole = list(self.batches(max(1, len(self))))
        return whole[0] if whole else np.empty(self.shape, self.dtype)

    def batches(self, rows: int) -> Iterator[NDArray[Any]]:
        """Yield the array in order, this many rows at a time; no more are in memory.

        Raises:
            DataError: its bytes are damaged.
        """
        row_bytes = math.prod(self.shape[1:]) * self.dtype.itemsize
        with _opened(self.path) as archive, archive.open(f"{self.key}.npy") as file:
            _header(file)
            for start in range(0, len(self), rows):
                count = min(rows, len(self) - start)
                content = file.read(count * row_bytes)
                if len(content) < count * row_bytes:
                    raise EOFError(f"{count * row_bytes - len(content):,} bytes are missing")
                yield np.frombuffer(content, self.dtype).reshape(count, *self.shape[1:])
            file.read(1)  # at a member's end, its checksum is compared

    def offset(self) -> int | None:
        """Return where in the file its values begin; None if they are compressed."""
        with _opened(self.path) as archive, self.path.open("rb") as file:
            member = archive.getinfo(f"{self.key}.npy")
            if member.compress_type != zipfile.ZIP_STORED:
                return None
            file.seek(member.header_offset)
            mark, name, extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
            if mark != b"PK\x03\x04":
                raise DataError(f"{self.path}: {self.key!r} is not where the archive's list says.", _REMEDY)
            file.seek(name + extra, 1)
            _header(file)
            return file.tell()


def npz_names(path: Path) -> list[str]:
    """Return the names of the arrays in an npz file.

    Raises:
        DataError: it is not one. StorageError: it cannot be read.
    """
    with _opened(path) as archive:
        return _names(archive)


def _names(archive: zipfile.ZipFile) -> list[str]:
    return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether in Fortran order, and type; the file then stands where the values begin."""
    version = npy.read_magic(file)
    with warnings.catch_warnings():
        # Python 2 wrote sizes such as 737280L; NumPy reads them, and warns.
        warnings.filterwarnings("ignore", ".*created on Python 2", UserWarning)
        return npy.read_array_header_1_0(file) if version == (1, 0) else npy.read_array_header_2_0(file)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open the archive; damage of any kind raises a `DataError`."""
    with storage_errors(path, "read"):
        try:
            with zipfile.ZipFile(path) as archive:
                yield archive
        except _DAMAGE as error:
            if getattr(error, "errno", None) not in (None, errno.EINVAL):  # the disk's, not an invalid offset
                raise
            reason = str(error) or type(error).__name__
            raise DataError(f"{path} is not a complete npz file: {reason.rstrip('.')}.", _REMEDY) from error
