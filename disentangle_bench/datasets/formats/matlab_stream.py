"""Large arrays in MATLAB files of version 5 to 7, read a part at a time: scipy only reads them whole.

After a header of 128 bytes comes one element after another: a tag of eight bytes, which says type and size, then the
content. A compressed element holds another one. That of an array holds four: flags, sizes, name, values, the last with
the first axis fastest.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import DataError
from disentangle_bench.storage import storage_errors

_REMEDY = "Replace it by the published file."
_HEADER, _LITTLE, _BIG = 128, b"IM", b"MI"
_UINT8, _MATRIX, _COMPRESSED = 2, 14, 15
_CLASSES = {
    6: "float64", 7: "float32", 8: "int8", 9: "uint8", 10: "int16", 11: "uint16", 12: "int32", 13: "uint32",
}  # fmt: skip
_CHUNK = 1 << 16


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class MatlabArray:
    """An array of a MATLAB file, of which nothing but the header has been read.

    Attributes:
        path: of the file.
        name: of the array.
        shape: as MATLAB has it.
        dtype: the type's name, such as `uint8`.
    """

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: str

    @classmethod
    def find(cls, path: Path, name: str) -> MatlabArray:
        """The array of that name.

        Raises:
            DataError: no such file format, truncated, damaged, or without an array of that name.
            StorageError: the file cannot be read.
        """
        with _opened(path, name) as (array, _, _):
            return array

    def batches(self, rows: int) -> Iterator[NDArray[np.uint8]]:
        """Bytes along the last axis, this many at a time, as `(b, ..., second axis, first axis)`.

        Raises:
            DataError: they are not bytes, truncated or damaged. StorageError: the file cannot be read.
        """
        *rest, n = self.shape
        with _opened(self.path, self.name) as (array, stream, order):
            kind, size = struct.unpack(f"{order}II", tag := _exactly(stream, 8))
            values = stream
            if kind >> 16:  # four bytes or fewer are in the tag
                kind, size, values = kind & 0xFFFF, kind >> 16, io.BytesIO(tag[4:])
            if array != self or kind != _UINT8 or size != math.prod(self.shape):
                raise DataError(f"{self.path}: {self.name!r} does not hold {math.prod(self.shape):,} bytes.", _REMEDY)
            for start in range(0, n, rows):
                count = min(rows, n - start)
                content = _exactly(values, count * math.prod(rest))
                yield np.frombuffer(content, np.uint8).reshape(count, *rest[::-1])
            if isinstance(stream, _Inflated):
                stream.finish()


class _Inflated:
    """A compressed element's content."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size
        self._inflate = zlib.decompressobj()

    def read(self, size: int) -> bytes:
        parts, wanted = [], size
        while wanted and not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._packed()
            parts.append(self._inflate.decompress(packed, wanted))
            wanted -= len(parts[-1])
            if not packed and not parts[-1]:
                break
        return b"".join(parts)

    def finish(self) -> None:
        """Read what is left; at its end, a checksum is compared."""
        while self.read(_CHUNK):
            pass
        if not self._inflate.eof:
            raise EOFError("it ends within its values")

    def _packed(self) -> bytes:
        packed = self._file.read(min(_CHUNK, self._left))
        self._left -= len(packed)
        return packed


@contextmanager
def _opened(path: Path, name: str) -> Iterator[tuple[MatlabArray, _Stream, str]]:
    """An array, what its values are read from, and the order of bytes; damage of any kind is told as such."""
    with storage_errors(path, "read"), path.open("rb") as file:
        try:
            order = {_LITTLE: "<", _BIG: ">"}[_exactly(file, _HEADER)[-2:]]
            for stream in _matrices(file, order):
                array = _described(path, stream, order)
                if array.name == name:
                    yield array, stream, order
                    return
        except (zlib.error, struct.error, EOFError, KeyError, ValueError, OverflowError) as error:
            reason = str(error) if isinstance(error, zlib.error | EOFError) else "its form is another"
            raise DataError(f"{path} is no readable MATLAB file: {reason}.", _REMEDY) from error
    raise DataError(f"{path} holds no array {name!r}: it is truncated, or another file.", _REMEDY)


def _matrices(file: IO[bytes], order: str) -> Iterator[_Stream]:
    """What each array of a file is read from."""
    while tag := file.read(8):
        kind, size = struct.unpack(f"{order}II", tag)
        after = file.tell() + size
        if kind == _COMPRESSED:
            inflated = _Inflated(file, size)
            kind, _ = struct.unpack(f"{order}II", _exactly(inflated, 8))
            if kind == _MATRIX:
                yield inflated
        elif kind == _MATRIX:
            yield file
        file.seek(after)


def _described(path: Path, stream: _Stream, order: str) -> MatlabArray:
    flags, sizes, name = (_element(stream, order) for _ in range(3))
    dtype = _CLASSES.get(struct.unpack_from(f"{order}I", flags)[0] & 0xFF, "no array of numbers")
    shape = struct.unpack(f"{order}{len(sizes) // 4}i", sizes)
    return MatlabArray(path, name.decode("ascii"), shape, dtype)


def _element(stream: _Stream, order: str) -> bytes:
    """The content of a small element, of which one of four bytes or fewer is in its tag."""
    kind, size = struct.unpack(f"{order}II", tag := _exactly(stream, 8))
    if kind >> 16:
        return tag[4 : 4 + (kind >> 16)]
    if size > _CHUNK:
        raise ValueError(size)
    return _exactly(stream, size + -size % 8)[:size]


def _exactly(stream: _Stream, size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError("it ends too early")
    return content
