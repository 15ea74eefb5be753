"""Codes and factors as arrays with names and kinds: what every observational metric reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

import h5py
import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import RepresentationError
from disentangle_bench.storage import write_through

Kind = Literal["categorical", "ordinal", "continuous", "cyclic"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class Variables:
    """Columns with names and kinds: the codes or the factors of `n` samples.

    Attributes:
        values: `(n, d)`, numeric or strings; a categorical variable is one column, however many categories it has.
        names: `d` names.
        kinds: `d` of categorical, ordinal, continuous, cyclic.
    """

    values: NDArray[Any]
    names: tuple[str, ...]
    kinds: tuple[Kind, ...]

    @classmethod
    def wrap(
        cls,
        values: ArrayLike | Variables,
        *,
        names: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        prefix: str = "c",
    ) -> Variables:
        """Variables from an array `(n,)` or `(n, d)`; integers, booleans and strings count as categorical.

        Raises:
            RepresentationError: wrong shape, wrong number of names or kinds, NaN or infinite values.
        """
        if isinstance(values, Variables):
            return values
        array = np.asarray(values)
        array = array[:, None] if array.ndim == 1 else array
        if array.ndim != 2 or array.shape[1] == 0:
            raise RepresentationError(
                f"{prefix!r} values have the shape {array.shape}.", "Give an array of the shape (samples, variables)."
            )
        width = array.shape[1]
        names = tuple(names or (f"{prefix}{column + 1}" for column in range(width)))
        kinds = tuple(kinds or ((_guess_kind(array.dtype),) * width))
        _check_columns(array, names, kinds)
        return cls(array, names, cast("tuple[Kind, ...]", kinds))

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype, copy=copy)

    def column(self, name: str) -> NDArray[Any]:
        """The values `(n,)` of one variable."""
        return self.values[:, self.names.index(name)]

    def of_kind(self, *kinds: Kind) -> tuple[str, ...]:
        """The names of the variables of these kinds, in order."""
        return tuple(name for name, kind in zip(self.names, self.kinds, strict=True) if kind in kinds)

    def rows(self, index: NDArray[Any]) -> Variables:
        """The same variables for some of the samples."""
        return Variables(self.values[index], self.names, self.kinds)


def _guess_kind(dtype: np.dtype[Any]) -> Kind:
    return "continuous" if dtype.kind == "f" else "categorical"


def _check_columns(array: NDArray[Any], names: tuple[str, ...], kinds: tuple[str, ...]) -> None:
    width = array.shape[1]
    if len(names) != width or len(kinds) != width:
        raise RepresentationError(
            f"{width} columns came with {len(names)} names and {len(kinds)} kinds.", "Give one of each per column."
        )
    for kind in kinds:
        if kind not in KINDS:
            raise RepresentationError(f"{kind!r} is not a kind of variable.", f"Use one of {', '.join(KINDS)}.")
    if array.dtype.kind == "f":
        broken = (~np.isfinite(array)).sum(axis=0)
        for name, count in zip(names, broken, strict=True):
            if count:
                raise RepresentationError(
                    f"Column {name!r} has {count} of {len(array)} values that are NaN or infinite.",
                    "Remove or repair those rows.",
                )


@dataclass(frozen=True)
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
    posterior: Mapping[str, NDArray[Any]] = field(default_factory=dict)

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
            None if train is None else _as_mask(train),
        )

    def save(self, path: Path | str) -> None:
        """Write to HDF5, atomically: `codes`, `factors`, `train`, `posterior/NAME`, names and kinds as attributes."""
        write_through(Path(path), self._write_hdf5)

    def _write_hdf5(self, path: Path) -> None:
        with h5py.File(path, "w") as file:
            _write_variables(file, "codes", self.codes)
            if self.factors is not None:
                _write_variables(file, "factors", self.factors)
            if self.train is not None:
                file.create_dataset("train", data=self.train)
            for name, parameters in self.posterior.items():
                file.create_dataset(f"posterior/{name}", data=parameters, compression="gzip")

    @classmethod
    def load(cls, path: Path | str) -> Representation:
        """Read an HDF5 or npz file with `codes` and, optionally, `factors` and `train`.

        Raises:
            RepresentationError: no such file, not such a file, no `codes` in it, or arrays that do not fit together.
        """
        path = Path(path)
        if not path.is_file():
            raise RepresentationError(f"There is no file {path}.", "Give an .npz or .h5 file with 'codes' in it.")
        return _load_npz(path) if path.suffix == ".npz" else _load_hdf5(path)


def _as_mask(train: ArrayLike) -> NDArray[np.bool_]:
    mask = np.asarray(train)
    if mask.ndim != 1 or not np.isin(mask, (0, 1)).all():
        raise RepresentationError(
            f"'train' has the shape {mask.shape} and the type {mask.dtype}.", "Give one true or false per sample."
        )
    return mask.astype(bool)


def _write_variables(file: h5py.File, name: str, variables: Variables) -> None:
    values = variables.values
    is_text = values.dtype.kind in "OUS"
    data = values.astype(h5py.string_dtype()) if is_text else values
    dataset = file.create_dataset(name, data=data, compression="gzip")
    dataset.attrs["names"] = list(variables.names)
    dataset.attrs["kinds"] = list(variables.kinds)


def _read_variables(dataset: h5py.Dataset, prefix: str) -> Variables:
    values = dataset.asstr()[...] if h5py.check_string_dtype(dataset.dtype) else dataset[...]
    names = [str(name) for name in dataset.attrs.get("names", ())]
    kinds = [str(kind) for kind in dataset.attrs.get("kinds", ())]
    return Variables.wrap(values, names=names or None, kinds=kinds or None, prefix=prefix)


def _load_hdf5(path: Path) -> Representation:
    try:
        with h5py.File(path, "r") as file:
            _require_codes(path, list(file))
            factors = _read_variables(file["factors"], "f") if "factors" in file else None
            posterior = {name: data[...] for name, data in file.get("posterior", {}).items()}
            train = _as_mask(file["train"][...]) if "train" in file else None
            return Representation(_read_variables(file["codes"], "c"), factors, train, posterior)
    except OSError as error:
        raise RepresentationError(f"{path} is not a readable HDF5 file: {error}.", "Write it again.") from error


def _load_npz(path: Path) -> Representation:
    try:
        with np.load(path, allow_pickle=False) as file:
            _require_codes(path, list(file))
            return Representation.of(file["codes"], file.get("factors"), file.get("train"))
    except (OSError, ValueError, EOFError) as error:
        raise RepresentationError(f"{path} is not a readable npz file: {error}.", "Write it again.") from error


def _require_codes(path: Path, keys: list[str]) -> None:
    if "codes" not in keys:
        raise RepresentationError(
            f"{path} has no array 'codes'; it has {', '.join(keys) or 'nothing'}.",
            "Store the codes (n, d) as 'codes' and, if known, the factors (n, k) as 'factors'.",
        )
