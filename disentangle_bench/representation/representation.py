"""Codes beside factors, as arrays and as files: what every observational metric reads."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import RepresentationError
from disentangle_bench.representation.variables import EXPECTED_SHAPE, Variables, off_the_device
from disentangle_bench.storage import write_bytes, write_hdf5

_DAMAGE = (
    OSError, ValueError, TypeError, KeyError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Representation:
    """What a model says of `n` samples, beside what is known of them.

    Attributes:
        codes: `(n, d)`: the value of each code: the category for a categorical one, the mean for a continuous one.
        factors: `(n, k)` ground-truth factors or labels, where known.
        train: `(n,)` bool: the samples that fitted metrics may fit on.
        posterior: code name -> `(n, p)` posterior parameters, where there is a posterior.
    """

    codes: Variables
    factors: Variables | None = None
    train: NDArray[np.bool_] | None = None
    posterior: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = {"factors": self.factors, "train": self.train, **self.posterior}
        for name, part in parts.items():
            if part is not None and len(part) != len(self.codes):
                raise RepresentationError(
                    f"'codes' has {len(self.codes)} rows and {name!r} has {len(part)}.", "Give one row per sample."
                )

    @classmethod
    def of(
        cls,
        codes: ArrayLike | Variables,
        factors: ArrayLike | Variables | None = None,
        train: ArrayLike | None = None,
    ) -> Representation:
        """A representation from plain arrays."""
        return cls(
            Variables.wrap(codes),
            None if factors is None else Variables.wrap(factors, prefix="f"),
            None if train is None else _as_mask(np.asarray(off_the_device(train))),
        )

    def rows(self, index: NDArray[np.int64]) -> Representation:
        """Select some of the samples."""
        return Representation(
            self.codes.rows(index),
            None if self.factors is None else self.factors.rows(index),
            None if self.train is None else self.train[index],
            {name: np.asarray(parameters)[index] for name, parameters in self.posterior.items()},
        )

    def save(self, path: Path | str, **origin: str) -> None:
        """Write to HDF5, or to npz if the name ends so, atomically.

        HDF5: `codes`, `factors`, `train` and `posterior/NAME`, with `names` and `kinds` as attributes of the first
        two. npz: the same keys, with `code_names`, `code_kinds`, `factor_names` and `factor_kinds`.

        Args:
            path: of the file.
            origin: what made the representation, as attributes of an HDF5 file; see `read_origin`.

        Raises:
            StorageError: no space, no permission. RepresentationError: text that the format cannot hold.
        """
        path = Path(path)
        if _is_npz(path):
            buffer = io.BytesIO()
            np.savez_compressed(buffer, **self._npz_arrays())
            write_bytes(path, buffer.getvalue())
            return
        try:
            write_hdf5(path, partial(self._fill, origin=origin))
        except ValueError as error:
            raise RepresentationError(
                f"The representation cannot be written to {path}: {error}.", "Remove such characters."
            ) from error

    def _fill(self, file: h5py.File, origin: Mapping[str, str]) -> None:
        for key, text in origin.items():
            file.attrs[key] = _fixed_width(np.array(text))
        _write_variables(file, "codes", self.codes)
        if self.factors is not None:
            _write_variables(file, "factors", self.factors)
        if self.train is not None:
            _write_array(file, "train", self.train)
        for name, parameters in self.posterior.items():
            _write_array(file, f"posterior/{name}", parameters)

    def _npz_arrays(self) -> dict[str, Any]:
        arrays = _named_arrays("code", self.codes)
        if self.factors is not None:
            arrays |= _named_arrays("factor", self.factors)
        if self.train is not None:
            arrays["train"] = self.train
        return arrays | {f"posterior/{name}": parameters for name, parameters in self.posterior.items()}

    @classmethod
    def load(cls, path: Path | str) -> Representation:
        """Read an HDF5 or npz file with `codes` and, optionally, `factors` and `train`.

        Raises:
            RepresentationError: no such file, not such a file, no `codes` in it, or arrays that do not fit together.
        """
        path = Path(path)
        if not path.is_file():
            raise RepresentationError(f"There is no file {path}.", "Give an .npz or .h5 file with 'codes' in it.")
        return _load_npz(path) if _is_npz(path) else _load_hdf5(path)


def read_origin(path: Path) -> dict[str, str]:
    """Read what made the representation in an HDF5 file; nothing if the file is missing or damaged."""
    try:
        with h5py.File(path, "r") as file:
            return {key: (_texts(value) or [""])[0] for key, value in file.attrs.items()}
    except _DAMAGE:
        return {}


def _is_npz(path: Path) -> bool:
    return path.suffix.lower() == ".npz"


def _as_mask(mask: NDArray[Any]) -> NDArray[np.bool_]:
    if mask.ndim != 1 or not np.isin(mask, (0, 1)).all():
        raise RepresentationError(
            f"'train' has the shape {mask.shape} and the type {mask.dtype}.", "Give one true or false per sample."
        )
    return mask.astype(bool)


def _write_variables(file: h5py.File, name: str, variables: Variables) -> None:
    values = variables.values
    dataset = _write_array(file, name, _fixed_width(values) if values.dtype.kind == "U" else values)
    dataset.attrs["names"] = _fixed_width(np.array(variables.names))
    dataset.attrs["kinds"] = _fixed_width(np.array(variables.kinds))


def _write_array(file: h5py.File, name: str, values: NDArray[Any]) -> h5py.Dataset:
    return file.create_dataset(name, data=values, compression="gzip", fletcher32=True)


def _fixed_width(texts: NDArray[np.str_]) -> NDArray[Any]:
    """UTF-8 of a fixed width: HDF5 keeps texts of variable width without a checksum and may crash on damaged ones."""
    encoded = np.char.encode(texts, "utf-8")
    return encoded.astype(h5py.string_dtype("utf-8", encoded.dtype.itemsize))


def read_variables(file: h5py.File, name: str) -> Variables:
    """The variables in an open HDF5 file under this name, whole."""
    dataset = file[name]
    if not isinstance(dataset, h5py.Dataset):
        raise RepresentationError(f"{name!r} is not an array.", EXPECTED_SHAPE)
    values = dataset.asstr()[...] if h5py.check_string_dtype(dataset.dtype) else dataset[...]
    return declared_variables(dataset, values)


def declared_variables(dataset: h5py.Dataset, values: ArrayLike) -> Variables:
    """Values as variables of the names and kinds that an HDF5 array has for attributes."""
    names, kinds = _texts(dataset.attrs.get("names")), _texts(dataset.attrs.get("kinds"))
    return Variables.wrap(values, names=names, kinds=kinds, prefix=Path(dataset.name).name[0])


def _texts(values: ArrayLike | None) -> list[str] | None:
    """One text or several, as str or as bytes, as the different writers of these formats have them."""
    if values is None:
        return None
    return [text.decode() if isinstance(text, bytes) else str(text) for text in np.atleast_1d(values)]


def _load_hdf5(path: Path) -> Representation:
    with faults_of(path, "HDF5"), h5py.File(path, "r") as file:
        require_codes(list(file))
        factors = read_variables(file, "factors") if "factors" in file else None
        posterior = {name: data[...] for name, data in file.get("posterior", {}).items()}
        train = read_mask(file)
        return Representation(read_variables(file, "codes"), factors, train, posterior)


def read_mask(file: h5py.File) -> NDArray[np.bool_] | None:
    """The train mask in an open HDF5 file, if there is one."""
    return _as_mask(file["train"][...]) if "train" in file else None


def _named_arrays(singular: str, variables: Variables) -> dict[str, Any]:
    names, kinds = np.array(variables.names), np.array(variables.kinds)
    return {f"{singular}s": variables.values, f"{singular}_names": names, f"{singular}_kinds": kinds}


def _load_npz(path: Path) -> Representation:
    with faults_of(path, "npz"):
        if not zipfile.is_zipfile(path):  # NumPy would take it for a pickle and say how to load that
            raise zipfile.BadZipFile("it is no zip archive")
    with faults_of(path, "npz"), np.load(path, allow_pickle=False) as file:
        require_codes(list(file))
        arrays = {name: _array_in(file, name) for name in file}
        posterior = {
            name.removeprefix("posterior/"): array for name, array in arrays.items() if name.startswith("posterior/")
        }
        train = _as_mask(arrays["train"]) if "train" in arrays else None
        factors = _named_variables(arrays, "factor") if "factors" in arrays else None
        return Representation(_named_variables(arrays, "code"), factors, train, posterior)


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


def _named_variables(arrays: Mapping[str, NDArray[Any]], singular: str) -> Variables:
    names, kinds = _texts(arrays.get(f"{singular}_names")), _texts(arrays.get(f"{singular}_kinds"))
    return Variables.wrap(arrays[f"{singular}s"], names=names, kinds=kinds, prefix=singular[0])


def require_codes(keys: list[str]) -> None:
    """Refuse a file whose arrays have these names.

    Raises:
        RepresentationError: none of them is `codes`.
    """
    if "codes" not in keys:
        raise RepresentationError(
            f"there is no array 'codes'; there is {', '.join(keys) or 'nothing'}.",
            "Store the codes (n, d) as 'codes' and, if known, the factors (n, k) as 'factors'.",
        )


@contextmanager
def faults_of(path: Path, form: str) -> Iterator[None]:
    """Name the file in what is said of its arrays, and tell a damaged one."""
    try:
        yield
    except RepresentationError as error:
        raise RepresentationError(f"In {path}: {error.problem}", error.remedy) from error
    except _DAMAGE as error:
        raise RepresentationError(f"{path} is not a readable {form} file: {error}.", "Write it again.") from error
