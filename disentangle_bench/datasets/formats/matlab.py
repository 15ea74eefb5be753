"""Arrays in MATLAB files up to version 7, with whatever may be wrong with them told."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from disentangle_bench.errors import DataError
from disentangle_bench.storage import storage_errors

_REMEDY = "Replace it by the published file."


def read_matlab(path: Path, name: str) -> NDArray[Any]:
    """One array of a `.mat` file; the others are skipped.

    The file's hash is best checked before: of a file that is not cut but changed, scipy can crash.

    Raises:
        DataError: no such file format, truncated, damaged, or without an array of that name.
        StorageError: the file cannot be read.
    """
    with storage_errors(path, "read"):
        path.open("rb").close()
    return _array(path, name, str(path))


def matlab_array(content: bytes, name: str, called: str) -> NDArray[Any]:
    """One array of a `.mat` file that has been read already; see `read_matlab`.

    Args:
        content: of the file.
        name: of the array.
        called: what messages call the file.
    """
    return _array(io.BytesIO(content), name, called)


def _array(file: Any, name: str, called: str) -> NDArray[Any]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        found = loadmat(file, variable_names=[name])
    # What scipy raises of damage: it trusts the sizes and types that it reads.
    except (
        MatReadError, zlib.error, OSError, ValueError, TypeError, KeyError, IndexError, EOFError, NotImplementedError,
        MemoryError, OverflowError, UnboundLocalError,
    ) as error:  # fmt: skip
        raise DataError(f"{called} is no readable MATLAB file: {' '.join(str(error).split())}.", _REMEDY) from error
    if name not in found:
        raise DataError(f"{called} holds no array {name!r}: it is truncated, or another file.", _REMEDY)
    array: NDArray[Any] = found[name]
    return array
