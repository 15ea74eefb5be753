"""Representations as HDF5 files: `codes`, `factors`, `train` and `posterior/NAME`; names and kinds are attributes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import RepresentationError
from disentangle_bench.representation.faults import DAMAGE, as_mask, as_texts, require_codes, warn_of_unread
from disentangle_bench.representation.tables import EXPECTED_SHAPE
from disentangle_bench.representation.variables import Variables
from disentangle_bench.storage import require_own_data, write_hdf5

ARRAYS = ("codes", "factors", "train", "posterior")
KEPT_BY_EVALUATION = ("samples",)
"""What earlier versions kept beside the codes of a run."""


def write(path: Path, parts: Mapping[str, Any], origin: Mapping[str, str]) -> None:
    """Write the fields of a representation, atomically.

    Args:
        path: of the file.
        parts: `codes` and, if not None, `factors`, `train`; `posterior`, code name -> parameters `(n, p)`.
        origin: what made the representation, as attributes of the file; see `read_origin`.

    Raises:
        RepresentationError: text that HDF5 cannot hold. StorageError: no space, no permission.
    """

    def fill(file: h5py.File) -> None:
        for key, text in origin.items():
            file.attrs[key] = _fixed_width(np.array(text))
        for name in ("codes", "factors"):
            if (variables := parts[name]) is not None:
                values = variables.values
                dataset = _write_array(file, name, _fixed_width(values) if values.dtype.kind == "U" else values)
                dataset.attrs["names"] = _fixed_width(np.array(variables.names))
                dataset.attrs["kinds"] = _fixed_width(np.array(variables.kinds))
        if parts["train"] is not None:
            _write_array(file, "train", parts["train"])
        for name, parameters in parts["posterior"].items():
            _write_array(file, f"posterior/{name}", parameters)

    try:
        write_hdf5(path, fill)
    except ValueError as error:
        raise RepresentationError(
            f"The representation cannot be written to {path}: {error}.", "Remove such characters."
        ) from error


def read(path: Path) -> dict[str, Any]:
    """The fields of a representation, in memory.

    Raises:
        RepresentationError: no `codes` in it, or arrays that no metric can use.
        OSError, KeyError, RuntimeError: the file is not a readable HDF5 file.
    """
    with h5py.File(path, "r") as file:
        require_codes(file)
        require_own_data(file, ARRAYS)
        warn_of_unread(path, file, [*ARRAYS, *KEPT_BY_EVALUATION])
        return {
            "codes": read_variables(file, "codes"),
            "factors": read_variables(file, "factors") if "factors" in file else None,
            "train": read_mask(file),
            "posterior": {name: data[...] for name, data in file.get("posterior", {}).items()},
        }


def read_origin(path: Path) -> dict[str, str]:
    """Read what made the representation in a file; nothing if the file is missing or damaged."""
    try:
        with h5py.File(path, "r") as file:
            return {key: (as_texts(value) or [""])[0] for key, value in file.attrs.items()}
    except DAMAGE:
        return {}


def _write_array(file: h5py.File, name: str, values: NDArray[Any]) -> h5py.Dataset:
    return file.create_dataset(name, data=values, compression="gzip", fletcher32=True)


def _fixed_width(texts: NDArray[np.str_]) -> NDArray[Any]:
    """UTF-8 of a fixed width: HDF5 keeps texts of variable width without a checksum and may crash on damaged ones."""
    encoded = np.char.encode(texts, "utf-8")
    return encoded.astype(h5py.string_dtype("utf-8", encoded.dtype.itemsize))


def read_variables(file: h5py.File, name: str) -> Variables:
    """The variables in an open HDF5 file under this name, in memory."""
    dataset = file[name]
    if not isinstance(dataset, h5py.Dataset):
        raise RepresentationError(f"{name!r} is not an array.", EXPECTED_SHAPE)
    values = dataset.asstr()[...] if h5py.check_string_dtype(dataset.dtype) else dataset[...]
    return declared_variables(dataset, values)


def declared_variables(dataset: h5py.Dataset, values: ArrayLike) -> Variables:
    """Values as variables with the names and kinds that are attributes of an HDF5 array."""
    names, kinds = as_texts(dataset.attrs.get("names")), as_texts(dataset.attrs.get("kinds"))
    return Variables.wrap(values, names=names, kinds=kinds, prefix=Path(dataset.name).name[0])


def read_mask(file: h5py.File) -> NDArray[np.bool_] | None:
    """The train mask in an open HDF5 file, if there is one."""
    return as_mask(file["train"][...]) if "train" in file else None
