"""Columns with names and kinds: the codes or the factors of some samples."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import RepresentationError, UnknownNameError
from disentangle_bench.representation.kinds import KINDS, Kind, guess_kind, is_unknown, period_of
from disentangle_bench.representation.summary import Summaries, Summary, opened, settle_kinds, total_summaries
from disentangle_bench.representation.tables import (
    as_table,
    broken_columns,
    refuse_broken,
    refuse_decimals,
    refuse_huge,
)

BATCH = 2**16
"""Rows at a time: of some tens of columns, as much as a processor's cache holds."""
_PLURALS = {"c": "codes", "f": "factors"}


@dataclass(frozen=True, eq=False)
class Variables:
    """Columns with names and kinds: the codes or the factors of `n` samples.

    Attributes:
        values: `(n, d)`, numeric or strings; a categorical variable is one column, however many categories it has.
            Unknown values of factors are NaN, or empty strings.
        names: `d` names.
        kinds: `d` of categorical, ordinal, continuous, cyclic.
        widths: how many columns each code has, where some have several, see `groups`; `values` are then `(n, p)`. Empty
            where every variable is one column.
    """

    values: NDArray[Any]
    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    widths: tuple[int, ...] = ()

    @classmethod
    def wrap(
        cls,
        values: ArrayLike | Variables,
        *,
        names: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        prefix: str = "c",
    ) -> Variables:
        """Variables from an array `(n,)` or `(n, d)`, a tensor, a list of batches, or a table with named columns.

        Args:
            values: see `tables.as_table`.
            names: of the columns; by default their own, or `c1`, `c2`, and so on.
            kinds: of the columns; by default, of codes, categorical for integers, booleans and text, and continuous for
                floats; of factors what `summary.kind_of` finds in the values of each.
            prefix: `c` for codes, `f` for factors, which may be unknown in some rows: masked, NaN, None, or empty text.

        Raises:
            RepresentationError: wrong shape, wrong number of names or kinds, decimals as text, infinite values; masked
                or NaN ones among codes, or no others in a factor.
        """
        if isinstance(values, Variables):
            return values
        partly = prefix == "f"
        array, own_names, own_kinds = as_table(
            values, _PLURALS.get(prefix, prefix), partly=partly, declared=kinds is not None
        )
        width = array.shape[1]
        names = own_names or tuple(f"{prefix}{place + 1}" for place in range(width)) if names is None else names
        guessed = own_kinds or (guess_kind(array.dtype),) * width
        if partly and array.dtype.kind == "f":
            guessed = (None,) * width
        names, given = tuple(map(str, names)), guessed if kinds is None else tuple(map(str, kinds))
        _check_names(width, names, given)
        if kinds is None and own_names is None:
            refuse_decimals(dict(zip(names, array.T, strict=True)))
        _check_values(array, names, given, partly=partly)
        made = cls(array, names, cast("tuple[Kind, ...]", given))
        return _settled(made) if partly else made

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype, copy=copy)

    def column(self, name: str) -> NDArray[Any]:
        """The values `(n,)` of one variable.

        Raises:
            UnknownNameError: there is none of that name.
        """
        return self.block(self._place(name))[:, 0]

    def block(self, place: int) -> NDArray[Any]:
        """The columns `(n, w)` of the variable at this position: one, unless it is a code of several."""
        start = int(self._starts[place]) if self.widths else place
        return self.values[:, start : start + (self.widths[place] if self.widths else 1)]

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return np.cumsum([0, *self.widths])

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    def _place(self, name: str) -> int:
        if name not in self._places:
            raise UnknownNameError("variable", name, self.names)
        return self._places[name]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which values `(n, d)` are known."""
        return ~is_unknown(self.values)

    @property
    def periods(self) -> tuple[float, ...]:
        """The period of each variable; 0 for one that is not cyclic."""
        return tuple(
            period_of(self.block(place)[:, 0]) if kind == "cyclic" else 0.0 for place, kind in enumerate(self.kinds)
        )

    def select(self, names: Sequence[str]) -> Variables:
        """Some of the variables, in the order of `names`.

        Raises:
            UnknownNameError: there is none of that name.
        """
        places = [self._place(name) for name in names]
        values = np.concatenate([self.block(place) for place in places], axis=1)
        widths = tuple(self.widths[place] for place in places) if self.widths else ()
        return Variables(values, tuple(names), tuple(self.kinds[place] for place in places), widths)

    def of_kind(self, *kinds: Kind) -> tuple[str, ...]:
        """The names of the variables of these kinds, in order."""
        return tuple(name for name, kind in zip(self.names, self.kinds, strict=True) if kind in kinds)

    def rows(self, index: NDArray[Any]) -> Variables:
        """The same variables for some of the samples."""
        return Variables(self.values[index], self.names, self.kinds, self.widths)

    def batches(self, size: int = BATCH) -> Iterator[Variables]:
        """The same variables, `size` samples at a time, in order."""
        for start in range(0, len(self), size):
            yield Variables(self.values[start : start + size], self.names, self.kinds, self.widths)

    @cached_property
    def summaries(self) -> Summaries:
        """The range, or the values that occur, of each variable."""
        return total_summaries(batch.summarize() for batch in self.batches())

    def summarize(self) -> Summaries:
        """The summaries of all samples at once; of a code of several columns that of the first."""
        return tuple(Summary.of(self.block(place)[:, 0], kind) for place, kind in enumerate(self.kinds))


def _settled(factors: Variables) -> Variables:
    """The same factors, with the kinds that were left open."""
    still_open = Variables(factors.values, factors.names, opened(factors.kinds))  # type: ignore[arg-type]
    summaries, kinds = settle_kinds(still_open.summaries, factors.kinds)
    refuse_unknown(factors.names, summaries)
    settled = Variables(factors.values, factors.names, kinds)
    settled.__dict__["summaries"] = summaries
    return settled


def refuse_unknown(names: Sequence[str], summaries: Summaries) -> None:
    """Refuse factors of which no value is known.

    Raises:
        RepresentationError: there are any.
    """
    for name, summary in zip(names, summaries, strict=True):
        if not summary.samples:
            raise RepresentationError(f"No value of column {name!r} is known.", "Leave the column out.")


def _check_names(width: int, names: tuple[str, ...], kinds: Sequence[str | None]) -> None:
    if len(names) != width or len(kinds) != width:
        raise RepresentationError(
            f"{width} columns came with {len(names)} names and {len(kinds)} kinds.", "Give one of each per column."
        )
    for name, columns in Counter(names).items():
        if not name or columns > 1:
            raise RepresentationError(f"{columns} columns are named {name!r}.", "Give each a name of its own.")
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
            raise RepresentationError(f"The name {name!r} has characters that cannot be printed.", "Remove them.")
    for kind in kinds:
        if kind not in (None, *KINDS):
            raise RepresentationError(f"{kind!r} is not a kind of variable.", f"Use one of {', '.join(KINDS)}.")


def _check_values(array: NDArray[Any], names: tuple[str, ...], kinds: Sequence[str | None], *, partly: bool) -> None:
    if array.dtype.kind == "U":
        for name, kind in zip(names, kinds, strict=True):
            if kind != "categorical":
                raise RepresentationError(f"Column {name!r} is {kind} and holds text.", "Give numbers.")
    if array.dtype.kind == "f":
        what = "infinite" if partly else "NaN or infinite"
        refuse_broken(broken_columns(array, partly=partly), len(array), names, what)
        refuse_huge(array, names)
