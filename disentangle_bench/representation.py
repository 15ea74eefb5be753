"""Codes and factors as arrays with names and kinds: what every observational metric reads."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

import h5py
import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import RepresentationError, UnknownNameError
from disentangle_bench.storage import write_bytes, write_hdf5

Kind = Literal["categorical", "ordinal", "continuous", "cyclic"]
KINDS: tuple[str, ...] = get_args(Kind)
BATCH = 2**16
"""Rows at a time: of some tens of columns, as much as a processor's cache holds."""

_PLURALS = {"c": "codes", "f": "factors"}
_SHAPE = "Give an array of the shape (samples, variables), with one sample or more."
_DAMAGE = (
    OSError, ValueError, TypeError, KeyError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
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
        array = as_columns(values, _PLURALS.get(prefix, prefix))
        width = array.shape[1]
        names = tuple(f"{prefix}{column + 1}" for column in range(width)) if names is None else tuple(map(str, names))
        kinds = (_guess_kind(array.dtype),) * width if kinds is None else tuple(map(str, kinds))
        _check_names(width, names, kinds)
        _check_values(array, names, kinds)
        return cls(array, names, cast("tuple[Kind, ...]", kinds))

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype, copy=copy)

    def column(self, name: str) -> NDArray[Any]:
        """The values `(n,)` of one variable.

        Raises:
            UnknownNameError: there is none of that name.
        """
        if name not in self.names:
            raise UnknownNameError("variable", name, self.names)
        return self.values[:, self.names.index(name)]

    @property
    def periods(self) -> tuple[float, ...]:
        """After how much each variable comes back to itself: 2 pi for a cyclic one in radians, the number of values
        for one of whole numbers; 0 for a variable that is not cyclic.
        """
        return tuple(
            _period(self.values[:, place]) if kind == "cyclic" else 0.0 for place, kind in enumerate(self.kinds)
        )

    def select(self, names: Sequence[str]) -> Variables:
        """Some of the variables, in the order of `names`.

        Raises:
            UnknownNameError: there is none of that name.
        """
        values = np.stack([self.column(name) for name in names], axis=1)
        kinds = tuple(self.kinds[self.names.index(name)] for name in names)
        return Variables(values, tuple(names), kinds)

    def of_kind(self, *kinds: Kind) -> tuple[str, ...]:
        """The names of the variables of these kinds, in order."""
        return tuple(name for name, kind in zip(self.names, self.kinds, strict=True) if kind in kinds)

    def rows(self, index: NDArray[Any]) -> Variables:
        """The same variables for some of the samples."""
        return Variables(self.values[index], self.names, self.kinds)

    def batches(self, size: int = BATCH) -> Iterator[Variables]:
        """The same variables, `size` samples at a time, in order."""
        for start in range(0, len(self), size):
            yield Variables(self.values[start : start + size], self.names, self.kinds)


def is_whole(values: NDArray[Any]) -> bool:
    """Whether all of these are whole numbers, whatever their type."""
    return values.dtype.kind in "biu" or bool((values == np.round(values)).all())


def _period(values: NDArray[Any]) -> float:
    return float(values.max()) - float(values.min()) + 1 if is_whole(values) else 2 * np.pi


def _off_the_device(values: Any) -> Any:
    """A torch tensor, on any device and with any gradient, as NumPy has it; torch itself need not be imported."""
    return values.detach().cpu().numpy() if hasattr(values, "detach") else values


def as_columns(values: ArrayLike, what: str) -> NDArray[Any]:
    """Numbers or text `(n, d)`, with n and d at least 1.

    Raises:
        RepresentationError: something else.
    """
    try:
        array = np.asarray(_off_the_device(values))
        if array.dtype.kind in "OT":
            array = _without_objects(array)
        if array.dtype.kind == "S":
            array = np.char.decode(array, "utf-8")
    except ValueError as error:
        raise RepresentationError(f"The {what} are no array: {error}.", _SHAPE) from error
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.size == 0:
        raise RepresentationError(f"The {what} have the shape {array.shape}.", _SHAPE)
    if array.dtype.kind not in "biufU":
        raise RepresentationError(f"The {what} are of the type {array.dtype}.", "Give numbers or text, none missing.")
    return array


def _without_objects(array: NDArray[Any]) -> NDArray[Any]:
    """Numbers or text from objects, as pandas has them; the same objects if they are neither, or some of both."""
    texts = sum(isinstance(value, str) for value in array.flat)
    return np.asarray(array.tolist()) if texts in (0, array.size) else array


def _guess_kind(dtype: np.dtype[Any]) -> Kind:
    return "continuous" if dtype.kind == "f" else "categorical"


def _check_names(width: int, names: tuple[str, ...], kinds: tuple[str, ...]) -> None:
    if len(names) != width or len(kinds) != width:
        raise RepresentationError(
            f"{width} columns came with {len(names)} names and {len(kinds)} kinds.", "Give one of each per column."
        )
    for name in names:
        if not name or names.count(name) > 1:
            raise RepresentationError(
                f"{names.count(name)} columns are named {name!r}.", "Give each a name of its own."
            )
    for kind in kinds:
        if kind not in KINDS:
            raise RepresentationError(f"{kind!r} is not a kind of variable.", f"Use one of {', '.join(KINDS)}.")


def _check_values(array: NDArray[Any], names: tuple[str, ...], kinds: tuple[str, ...]) -> None:
    if array.dtype.kind == "U":
        for name, kind in zip(names, kinds, strict=True):
            if kind != "categorical":
                raise RepresentationError(f"Column {name!r} is {kind} and holds text.", "Give numbers.")
    if array.dtype.kind == "f":
        refuse_broken((~np.isfinite(array)).sum(axis=0), len(array), names)


def refuse_broken(broken: NDArray[np.int64], samples: int, names: Sequence[str]) -> None:
    """Refuse columns with values that are NaN or infinite, of which there are `broken (d,)` among so many samples.

    Raises:
        RepresentationError: there are any.
    """
    for name, count in zip(names, broken, strict=True):
        if count:
            raise RepresentationError(
                f"Column {name!r} has {count} of {samples} values that are NaN or infinite.",
                "Remove or repair those rows.",
            )


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
            None if train is None else _as_mask(np.asarray(_off_the_device(train))),
        )

    def save(self, path: Path | str) -> None:
        """Write to HDF5, or to npz if the name ends so, atomically.

        HDF5: `codes`, `factors`, `train` and `posterior/NAME`, with `names` and `kinds` as attributes of the first
        two. npz: the same keys, with `code_names`, `code_kinds`, `factor_names` and `factor_kinds`.

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
            write_hdf5(path, self._fill)
        except ValueError as error:
            raise RepresentationError(
                f"The representation cannot be written to {path}: {error}.", "Remove such characters."
            ) from error

    def _fill(self, file: h5py.File) -> None:
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
        raise RepresentationError(f"{name!r} is not an array.", _SHAPE)
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
