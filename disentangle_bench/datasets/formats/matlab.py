"""Arrays in MATLAB files up to version 7, as SciPy reads them: whole."""

from __future__ import annotations

import io
import math
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.files.file import REPLACE
from disentangle_bench.errors import DataError
from disentangle_bench.storage import in_bytes, storage_errors

MOST_BYTES = 2**31
"""Of one array, which is read whole; the largest published one, of SVHN, has 1.6 GB."""
_ITEM_BYTES = {
    "double": 8, "single": 4, "char": 4, "logical": 1,
    **{f"{sign}int{8 * size}": size for sign in ("", "u") for size in (1, 2, 4, 8)},
}  # fmt: skip
_LIMITS = {
    NotImplementedError: "Save it with the option -v7: version 7.3 is HDF5, which SciPy does not read.",
    MemoryError: "SciPy reads an array whole: free some memory. If there is enough, the file is damaged.",
}


def read_matlab(path: Path, name: str) -> NDArray[Any]:
    """Read one array of a `.mat` file into memory, and skip the others.

    The file's hash is best checked before: of a file that is not cut but changed, SciPy can crash.

    Raises:
        DataError: another file format, version 7.3, truncated, damaged, no array of that name, or too little memory.
        StorageError: the file cannot be read.
    """
    with storage_errors(path, "read"), path.open("rb") as file:
        return _array(file, name, str(path))


def matlab_array(content: bytes, name: str, called: str) -> NDArray[Any]:
    """Read one array of a `.mat` file's content; see `read_matlab`.

    Args:
        content: of the file.
        name: of the array.
        called: what messages call the file.
    """
    return _array(io.BytesIO(content), name, called)


def require_pixels(array: NDArray[Any], shape: tuple[int | None, ...], called: str) -> None:
    """Refuse an array that is not uint8 or has another shape.

    Args:
        array: of a file.
        shape: that it must have.
        called: what messages call the array.

    Raises:
        DataError: another shape or type.
    """
    if array.shape != shape or array.dtype != np.uint8:
        raise DataError(f"{called} is {array.dtype} {array.shape}; it should be uint8 {shape}.", REPLACE)


def _require_size(listed: Iterable[tuple[str, tuple[int, ...], str]], name: str, called: str) -> None:
    """Refuse an array of that name that takes too much memory, or whose size cannot be told: SciPy reads it whole."""
    for found, shape, kind in listed:
        if found == name and kind not in _ITEM_BYTES:
            raise DataError(f"{called}: {name!r} is a {kind}, not an array of numbers.", REPLACE)
        if found == name and math.prod(shape) * _ITEM_BYTES[kind] > MOST_BYTES:
            raise DataError(f"{called}: {name!r} is {kind} {shape}, more than {in_bytes(MOST_BYTES)}.", REPLACE)


def _array(file: Any, name: str, called: str) -> NDArray[Any]:
    from scipy.io import loadmat, whosmat
    from scipy.io.matlab import MatReadError

    try:
        _require_size(whosmat(file), name, called)
        file.seek(0)
        found = loadmat(file, variable_names=[name])
    # What SciPy raises of damage: it trusts the sizes and types that it reads.
    except (
        MatReadError, zlib.error, OSError, ValueError, TypeError, KeyError, IndexError, EOFError, NotImplementedError,
        MemoryError, OverflowError, UnboundLocalError,
    ) as error:  # fmt: skip
        reason = " ".join(str(error).split()) or type(error).__name__
        remedy = _LIMITS.get(type(error), REPLACE)
        raise DataError(f"{called} is not a readable MATLAB file: {reason}.", remedy) from error
    if name not in found:
        raise DataError(f"{called} holds no array {name!r}: it is truncated, or another file.", REPLACE)
    array: NDArray[Any] = found[name]
    return array
