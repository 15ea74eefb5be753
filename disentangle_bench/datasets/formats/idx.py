"""The IDX format of MNIST and its kin: a magic number, the dimensions, then the values, all big-endian.

Layout: two zero bytes, one byte for the type, one for the number of dimensions, one unsigned 32-bit size per
dimension, the values in C order.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import DataError
from disentangle_bench.storage import storage_errors

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_REMEDY = "Replace it by the raw IDX file, unpacked."


def read_idx(path: Path, *, dimensions: int) -> NDArray[Any]:
    """Read the array in an IDX file, in the machine's byte order.

    Raises:
        DataError: a wrong magic number, type or number of dimensions; truncated, or with trailing bytes.
        StorageError: the file cannot be read.
    """
    with storage_errors(path, "read"):
        content = path.read_bytes()
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES:
        raise DataError(f"{path} is not an IDX file: it begins with {content[:4].hex(' ') or 'nothing'}.", _REMEDY)
    if content[3] != dimensions:
        raise DataError(f"{path} has {content[3]} dimensions; {dimensions} are expected.", _REMEDY)
    if len(content) < 4 + 4 * dimensions:
        raise DataError(f"{path} is truncated: its header has {len(content)} of {4 + 4 * dimensions} bytes.", _REMEDY)
    dtype, shape = np.dtype(_TYPES[content[2]]), struct.unpack_from(f">{dimensions}I", content, 4)
    start = 4 + 4 * dimensions
    needed, there = math.prod(shape) * dtype.itemsize, len(content) - start
    if there != needed:
        fault = f"is truncated: {there:,} of" if there < needed else f"has trailing bytes: {there:,} instead of"
        sizes = " x ".join(map(str, shape))
        raise DataError(f"{path} {fault} {needed:,} bytes for {sizes} values of {dtype.itemsize} bytes.", _REMEDY)
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)
