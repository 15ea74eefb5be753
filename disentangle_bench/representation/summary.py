"""Summaries of columns, which must be known before values can be counted: the range, or the values that occur."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.representation.kinds import Kind, is_unknown, is_whole

_TABLE = 2**16
"""Whole numbers within a range narrower than this are looked up in a table, which is faster than sorting."""
_EXACT = 2**53
_GLANCE = 4 * 1024
MOST_LEVELS, RECURRENCE = 100, 10
"""A factor of numbers has classes if they are at most so many, each of which occurs so often on average."""


@dataclass(frozen=True, eq=False)
class Summary:
    """The range and the values of one column; add the summaries of batches to get that of all rows.

    Attributes:
        samples: n, without those whose value is unknown.
        low, high: the least and the greatest value, in the column's own type; None for text.
        mean, squares: the mean, and the sum of the squared distances to it.
        whole: whether all are whole numbers.
        values: `(m,)` those that occur, sorted; None for a continuous variable and for a cyclic one of angles, and for
            one of no kind yet if they are neither whole nor few.
        levels: how many values a continuous factor has, if they are whole and so few that they could be classes.
    """

    samples: int
    low: Any
    high: Any
    mean: float
    squares: float
    whole: bool
    values: NDArray[Any] | None
    levels: int = 0

    @classmethod
    def of(cls, column: NDArray[Any], kind: Kind | None) -> Self:
        """The summary of the known ones among values `(n,)`; give no kind if it is to follow from them."""
        unknown = is_unknown(column)
        column = column[~unknown] if unknown.any() else column
        if column.dtype.kind == "U" or not len(column):
            return cls(len(column), None, None, 0.0, 0.0, not len(column), np.unique(column))
        whole = kind != "continuous" and is_whole(column)
        counted = kind in ("categorical", "ordinal") or whole or (kind is None and has_few_values(column))
        low, high = column.min(), column.max()
        mean = float(column.mean(dtype=np.float64))
        with np.errstate(over="ignore"):  # numbers beyond 1e150 have no spread that a float could hold
            squares = float(np.square(column - np.float64(mean)).sum())
        return cls(len(column), low, high, mean, squares, whole, _occurring(column) if counted else None)

    def __add__(self, other: Summary) -> Summary:
        if not (self.samples and other.samples):
            return self if self.samples else other
        samples = self.samples + other.samples
        apart = other.mean - self.mean
        squares = self.squares + other.squares + apart**2 * self.samples * other.samples / samples
        values = None
        if self.values is not None and other.values is not None:
            values = self.values if np.array_equal(self.values, other.values) else np.union1d(self.values, other.values)
        text = self.low is None
        return Summary(
            samples,
            None if text else min(self.low, other.low),
            None if text else max(self.high, other.high),
            self.mean + apart * other.samples / samples,
            squares,
            self.whole and other.whole,
            values,
        )

    @property
    def deviation(self) -> float:
        """The standard deviation over the samples."""
        return float(np.sqrt(self.squares / self.samples))


def has_few_values(column: NDArray[Any]) -> bool:
    """Whether no more values occur than a factor of classes may have."""
    return len(np.unique(column[:_GLANCE])) <= MOST_LEVELS and len(np.unique(column)) <= MOST_LEVELS


def _occurring(column: NDArray[Any]) -> NDArray[Any]:
    """The values that occur, sorted; whole numbers close together are found without sorting all."""
    if close_together(column):
        low = int(column.min())
        present = np.bincount(column.astype(np.int64) - low)
        return np.asarray((np.flatnonzero(present) + low).astype(column.dtype))
    return np.unique(column)


def close_together(numbers: NDArray[Any]) -> bool:
    """Whether all are whole numbers within a range that a short table has room for."""
    low, high = float(numbers.min()), float(numbers.max())
    return high - low < _TABLE and max(abs(low), abs(high)) < _EXACT and is_whole(numbers)


def kind_of(summary: Summary) -> Kind:
    """The kind of a factor that is not declared, from its values, whatever their type.

    Whole numbers are categories. Few numbers that recur are levels, and so classes: ordinal. All others are continuous.
    """
    if summary.values is None:
        return "continuous"
    if summary.whole or summary.low is None:
        return "categorical"
    return "ordinal" if _recur(summary) else "continuous"


def _recur(summary: Summary) -> bool:
    """Whether few values occur, each of them often."""
    return summary.values is not None and len(summary.values) <= min(MOST_LEVELS, summary.samples / RECURRENCE)


Summaries = tuple[Summary, ...]
"""One for each variable."""


def total_summaries(batches: Iterable[Summaries]) -> Summaries:
    """The summaries of all batches together."""
    return tuple(reduce(add, parts) for parts in zip(*batches, strict=True))


def opened(kinds: Sequence[Kind | None]) -> tuple[Kind | None, ...]:
    """The kinds with which factors are summarized: a continuous one may turn out to look like classes."""
    return tuple(None if kind == "continuous" else kind for kind in kinds)


def settle_kinds(summaries: Summaries, kinds: Sequence[Kind | None]) -> tuple[Summaries, tuple[Kind, ...]]:
    """The kinds of factors, those that were left open from their values, and the summaries that follow from them.

    Args:
        summaries: of the factors with the kinds that `opened` gives.
        kinds: as far as they are declared.
    """
    settled = tuple(kind_of(of) if kind is None else kind for of, kind in zip(summaries, kinds, strict=True))
    return tuple(
        _of_continuous(of) if kind == "continuous" else of for of, kind in zip(summaries, settled, strict=True)
    ), settled


def _of_continuous(summary: Summary) -> Summary:
    levels = len(summary.values) if summary.values is not None and summary.whole and _recur(summary) else 0
    return replace(summary, values=None, whole=False, levels=levels)
