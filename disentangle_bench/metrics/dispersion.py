"""How far the values of a variable of any kind lie apart: between two of them, and among many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.representation.kinds import Kind
from disentangle_bench.representation.variables import Variables


@dataclass(frozen=True, eq=False)
class Column:
    """One variable, ready for distances.

    Attributes:
        values: `(n,)`: category numbers from 0 for a categorical variable, float64 for any other.
        period: after how much a cyclic variable comes back to itself.
    """

    values: NDArray[np.int64] | NDArray[np.float64]
    kind: Kind
    period: float = 0.0

    @classmethod
    def all_of(cls, variables: Variables) -> list[Self]:
        """Each variable as a column, in order."""
        columns = []
        for values, kind, period in zip(variables.values.T, variables.kinds, variables.periods, strict=True):
            numbers = np.unique(values, return_inverse=True)[1] if kind == "categorical" else values.astype(np.float64)
            columns.append(cls(numbers, kind, period))
        return columns

    def distances(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
        """Between the values of two arrays of rows, of their shape.

        The absolute difference; the shorter way round for a cyclic variable; 1 for different categories, else 0.
        """
        before, after = self.values[first], self.values[second]
        if self.kind == "categorical":
            return np.asarray(before != after, dtype=np.float64)
        apart = np.abs(before - after)
        return np.asarray(np.minimum(apart, self.period - apart) if self.kind == "cyclic" else apart)

    def spread(self, rows: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """The variance of the values in each line of rows `(..., b)`, by default of all; exactly 0 if all are equal.

        Half the mean squared difference of two values, which is the usual unbiased variance; of categories, where a
        difference is 1, Gini's variance; of angles the angular variance `2 (1 - R)`, in squared radians, with R the
        mean resultant length (Batschelet 1981).
        """
        values = self.values[None, :] if rows is None else self.values[rows.reshape(-1, rows.shape[-1])]
        if self.kind == "categorical":
            categories = values.astype(np.int64)
            width, span = categories.shape[1], int(categories.max()) + 1
            equal = _equal_pairs_by_counting(categories, span) if span <= width else _equal_pairs_by_sorting(categories)
            result = np.asarray((width**2 - equal) / (2 * width * (width - 1)))
        elif self.kind == "cyclic":
            angles = 2 * np.pi * values / self.period
            resultant = np.abs(np.exp(1j * (angles - angles[:, :1])).mean(axis=1))
            result = 2 * np.maximum(1 - resultant, 0)
        else:
            result = np.var(values - values[:, :1], axis=1, ddof=1)  # shifted: else rounding hides that all are equal
        return result.reshape(() if rows is None else rows.shape[:-1])


def spreads(variables: Variables) -> NDArray[np.float64]:
    """The variance `(d,)` of each variable over all samples, as `Column.spread` has it."""
    return np.array([float(column.spread()) for column in Column.all_of(variables)])


def _equal_pairs_by_counting(categories: NDArray[np.int64], span: int) -> NDArray[np.int64]:
    """How many of the ordered pairs in each line, those of a value with itself included, are equal."""
    lines = len(categories)
    places = categories + span * np.arange(lines)[:, None]
    counts = np.bincount(places.ravel(), minlength=lines * span).reshape(lines, span)
    return np.asarray((counts**2).sum(axis=1))


def _equal_pairs_by_sorting(categories: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same without a count of each category, where these are more than the values in a line."""
    ordered, place = np.sort(categories, axis=1), np.arange(categories.shape[1])
    begins = np.ones(ordered.shape, dtype=bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    in_run = place - np.maximum.accumulate(np.where(begins, place, 0), axis=1)
    return np.asarray((2 * in_run + 1).sum(axis=1))
