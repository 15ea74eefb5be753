"""Representations as npz files: `codes`, `factors`, `train`, `posterior/NAME`, and names and kinds beside them."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import RepresentationError
from disentangle_bench.representation.faults import as_mask, as_texts, require_codes, warn_of_unread
from disentangle_bench.representation.variables import Variables
from disentangle_bench.storage import write_bytes

ARRAYS = ("codes", "factors", "train", "code_names", "code_kinds", "factor_names", "factor_kinds")
POSTERIOR = "posterior/"


def write(path: Path, parts: Mapping[str, Any]) -> None:
    """Write the fields of a representation, atomically.

    Args:
        path: of the file.
        parts: `codes` and, if not None, `factors`, `train`; `posterior`, code name -> parameters `(n, p)`.
    """
    arrays: dict[str, Any] = {}
    for singular in ("code", "factor"):
        variables = parts[f"{singular}s"]
        if variables is not None:
            arrays[f"{singular}s"] = variables.values
            arrays[f"{singular}_names"], arrays[f"{singular}_kinds"] = map(np.array, (variables.names, variables.kinds))
    if parts["train"] is not None:
        arrays["train"] = parts["train"]
    arrays |= {f"{POSTERIOR}{name}": parameters for name, parameters in parts["posterior"].items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_bytes(path, buffer.getvalue())


def read(path: Path) -> dict[str, Any]:
    """The fields of a representation.

    Raises:
        RepresentationError: no `codes` in it, or arrays that no metric can use.
        OSError, ValueError, zipfile.BadZipFile: the file is not a readable npz file.
    """
    if not zipfile.is_zipfile(path):  # NumPy would take it for a pickle and say how to load that
        raise zipfile.BadZipFile("it is not a zip archive")
    with np.load(path, allow_pickle=False) as file:
        twice = [name for name, count in Counter(file.zip.namelist()).items() if count > 1]
        if twice:
            raise RepresentationError(f"there are two members named {twice[0]!r}.", "Write it again.")
        require_codes(file)
        read = [name for name in file if name in ARRAYS or name.startswith(POSTERIOR)]
        warn_of_unread(path, file, [*ARRAYS, *read])
        arrays = {name: _array_in(file, name) for name in read}
    posterior = {name.removeprefix(POSTERIOR): array for name, array in arrays.items() if name.startswith(POSTERIOR)}
    return {
        "codes": _variables_in(arrays, "code"),
        "factors": _variables_in(arrays, "factor") if "factors" in arrays else None,
        "train": as_mask(arrays["train"]) if "train" in arrays else None,
        "posterior": posterior,
    }


def _array_in(file: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    try:
        return file[name]
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        raise RepresentationError(
            f"{name!r} is an array of Python objects, which are not read.",
            "Store numbers, and text as str, such as with .astype(str).",
        ) from error


def _variables_in(arrays: Mapping[str, NDArray[Any]], singular: str) -> Variables:
    names, kinds = as_texts(arrays.get(f"{singular}_names")), as_texts(arrays.get(f"{singular}_kinds"))
    return Variables.wrap(arrays[f"{singular}s"], names=names, kinds=kinds, prefix=singular[0])
