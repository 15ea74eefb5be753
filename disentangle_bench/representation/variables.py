"""Columns with names and kinds: the codes or the factors of some samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import RepresentationError, UnknownNameError
from disentangle_bench.representation.kinds import KINDS, Kind, guess_kind, period_of
from disentangle_bench.representation.summary import Summaries, Summary, total_summaries

BATCH = 2**16
"""Rows at a time: of some tens of columns, as much as a processor's cache holds."""
EXPECTED_SHAPE = "Give an array of the shape (samples, variables), with one sample or more."

_PLURALS = {"c": "codes", "f": "factors"}


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
        kinds = (guess_kind(array.dtype),) * width if kinds is None else tuple(map(str, kinds))
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
        """The period of each variable; 0 for one that is not cyclic."""
        return tuple(
            period_of(self.values[:, place]) if kind == "cyclic" else 0.0 for place, kind in enumerate(self.kinds)
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

    @cached_property
    def summaries(self) -> Summaries:
        """The range, or the values that occur, of each variable."""
        return total_summaries(batch.summarize() for batch in self.batches())

    def summarize(self) -> Summaries:
        """The summaries of all samples at once."""
        return tuple(Summary.of(column, kind) for column, kind in zip(self.values.T, self.kinds, strict=True))


def off_the_device(values: Any) -> Any:
    """A torch tensor, on any device and with any gradient, as NumPy has it; torch itself need not be imported."""
    return values.detach().cpu().numpy() if hasattr(values, "detach") else values


def as_columns(values: ArrayLike, what: str) -> NDArray[Any]:
    """Numbers or text `(n, d)`, with n and d at least 1.

    Raises:
        RepresentationError: something else.
    """
    try:
        array = np.asarray(off_the_device(values))
        if array.dtype.kind in "OT":
            array = _without_objects(array)
        if array.dtype.kind == "S":
            array = np.char.decode(array, "utf-8")
    except ValueError as error:
        raise RepresentationError(f"The {what} are no array: {error}.", EXPECTED_SHAPE) from error
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.size == 0:
        raise RepresentationError(f"The {what} have the shape {array.shape}.", EXPECTED_SHAPE)
    if array.dtype.kind not in "biufU":
        raise RepresentationError(f"The {what} are of the type {array.dtype}.", "Give numbers or text, none missing.")
    return array


def _without_objects(array: NDArray[Any]) -> NDArray[Any]:
    """Numbers or text from objects, as pandas has them; the same objects if they are neither, or some of both."""
    texts = sum(isinstance(value, str) for value in array.flat)
    return np.asarray(array.tolist()) if texts in (0, array.size) else array


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
