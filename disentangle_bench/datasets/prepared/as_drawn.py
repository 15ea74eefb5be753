"""Images that are kept one by one as they are drawn: in a file of the cache that processes share, or in memory."""

from __future__ import annotations

import os
import weakref
import zlib
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.images import Shape
from disentangle_bench.storage import require_space, storage_errors

Rows = NDArray[np.int64]
Found = tuple[NDArray[np.uint8], NDArray[np.bool_]]
"""Images `(b, c, h, w)`, and which of them `(b,)` are there; the others are zero."""
_CHECK = 4
"""Bytes before an image in the file."""


class Keeping(Protocol):
    """Where drawn images are kept. Rows `(b,)` are distinct."""

    def find(self, rows: Rows, /) -> Found:
        """Return the images of these rows as far as they are kept."""
        ...

    def keep(self, rows: Rows, images: NDArray[np.uint8], /) -> None:
        """Keep the images of these rows."""
        ...


class InMemory:
    """In an array, whose memory is taken as it fills.

    Args:
        shape: `(n, c, h, w)`.
    """

    def __init__(self, shape: Shape) -> None:
        self._there, self._images = np.zeros(shape[0], bool), np.zeros(shape, np.uint8)

    def find(self, rows: Rows) -> Found:
        """Return the images of these rows as far as they are kept."""
        there = self._there[rows]
        return self._images[rows], there

    def keep(self, rows: Rows, images: NDArray[np.uint8]) -> None:
        """Keep the images of these rows."""
        self._images[rows] = images
        self._there[rows] = True  # only now: another thread may be reading


class InFile:
    """In a file that takes space as it fills, and that any number of processes read and write at the same time.

    Before each image stands a checksum of its row and of its pixels. So an image that a killed process or a lost power
    supply left half-written, or the zeros where none was written yet, count as not there. Two processes that draw the
    same image write the same bytes. If the disk is full, what is drawn from then on is not kept.

    Args:
        path: of the file; others with the same beginning, up to the last hyphen, were drawn by other programs, and are
            removed.
        shape: `(n, c, h, w)`.

    Raises:
        StorageError: the file cannot be written, or there is no room for all images.
    """

    def __init__(self, path: Path, shape: Shape) -> None:
        self.path, self.shape = path, shape
        self._record = _CHECK + int(np.prod(shape[1:]))
        self._full = False
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                require_space(path.parent, shape[0] * self._record, "the images")
                for old in path.parent.glob(f"{path.name.rpartition('-')[0]}-*{path.suffix}"):
                    old.unlink(missing_ok=True)
            path.touch()

    def find(self, rows: Rows) -> Found:
        """Return the images of these rows as far as they are kept."""
        images = np.zeros((len(rows), self._record - _CHECK), np.uint8)
        there = np.zeros(len(rows), bool)
        for place, row in enumerate(rows.tolist()):
            with suppress(OSError):  # what the disk does not give is drawn
                record = os.pread(self._handle, self._record, row * self._record)
                if record[:_CHECK] == _checksum(row, record[_CHECK:]):
                    images[place], there[place] = np.frombuffer(record, np.uint8, offset=_CHECK), True
        return images.reshape(len(rows), *self.shape[1:]), there

    def keep(self, rows: Rows, images: NDArray[np.uint8]) -> None:
        """Keep the images of these rows."""
        for row, image in zip(rows.tolist(), images, strict=True):
            pixels = image.tobytes()
            try:
                if not self._full:
                    os.pwrite(self._handle, _checksum(row, pixels) + pixels, row * self._record)
            except OSError:
                self._full = True

    @cached_property
    def _handle(self) -> int:
        handle = os.open(self.path, os.O_RDWR)
        weakref.finalize(self, os.close, handle)
        return handle

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_handle"}


def _checksum(row: int, pixels: bytes) -> bytes:
    return zlib.crc32(pixels, row & 0xFFFFFFFF).to_bytes(_CHECK, "little")
