"""Summaries of columns, which must be known before values can be counted: the range, or the values that occur."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.representation.kinds import Kind, is_whole

_TABLE = 2**16
"""Whole numbers within a range narrower than this are looked up in a table, which is faster than sorting."""
_EXACT = 2**53


@dataclass(frozen=True, eq=False)
class Summary:
    """The range and the values of one column; add the summaries of batches to get that of all rows.

    Attributes:
        samples: n.
        low, high: the least and the greatest value, in the column's own type; None for text.
        mean, squares: the mean, and the sum of the squared distances to it.
        whole: whether all are whole numbers.
        values: `(m,)` those that occur, sorted; None for a continuous variable and for a cyclic one of angles.
    """

    samples: int
    low: Any
    high: Any
    mean: float
    squares: float
    whole: bool
    values: NDArray[Any] | None

    @classmethod
    def of(cls, column: NDArray[Any], kind: Kind) -> Self:
        """The summary of one or more finite values `(n,)`."""
        if column.dtype.kind == "U":
            return cls(len(column), None, None, 0.0, 0.0, False, np.unique(column))
        whole = kind != "continuous" and is_whole(column)
        counted = kind in ("categorical", "ordinal") or (kind == "cyclic" and whole)
        low, high = column.min(), column.max()
        mean = float(column.mean(dtype=np.float64))
        with np.errstate(over="ignore"):  # numbers beyond 1e150 have no spread that a float could hold
            squares = float(np.square(column - np.float64(mean)).sum())
        return cls(len(column), low, high, mean, squares, whole, _occurring(column) if counted else None)

    def __add__(self, other: Summary) -> Summary:
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


Summaries = tuple[Summary, ...]
"""One for each variable."""


def total_summaries(batches: Iterable[Summaries]) -> Summaries:
    """The summaries of all batches together."""
    return tuple(reduce(add, parts) for parts in zip(*batches, strict=True))
