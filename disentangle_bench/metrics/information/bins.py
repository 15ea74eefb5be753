"""Into which cell each value of a variable falls: equal-width bins, or one cell for each value that occurs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import MetricError
from disentangle_bench.representation.summary import Summaries, Summary, close_together
from disentangle_bench.representation.variables import Variables


@dataclass(frozen=True, eq=False)
class Bins:
    """The cells of one variable.

    Attributes:
        name: of the variable.
        marks: the `m + 1` edges of bins, or the `m` values, sorted.
        binned: which of the two. Values beyond the first and the last edge count to the bin there.
    """

    name: str
    marks: NDArray[Any]
    binned: bool

    @classmethod
    def of(cls, name: str, summary: Summary, num_bins: int, reach: float | None = None) -> Self:
        """The cells of a variable that reaches so far.

        Args:
            name: of the variable.
            summary: how far it reaches.
            num_bins: if its values are not counted one by one.
            reach: the bins cover so many standard deviations to either side of the mean, and not just the range.
        """
        if summary.values is not None:
            return cls(name, summary.values, binned=False)
        ends = np.array([summary.low, summary.high])
        if reach is not None and summary.low < summary.high and np.isfinite(summary.deviation):
            ends = summary.mean + np.array([-reach, reach]) * summary.deviation
        return cls(name, _edges(ends, num_bins), binned=True)

    @classmethod
    def between(cls, name: str, low: float, high: float, num_bins: int = 20) -> Self:
        """Equal-width bins of a variable whose range is known beforehand; values beyond count to the outermost.

        Raises:
            MetricError: fewer than 2 bins.
        """
        check_bins(num_bins)
        return cls(name, _edges(np.array([low, high], dtype=np.float64), num_bins), binned=True)

    @classmethod
    def of_values(cls, name: str, values: ArrayLike) -> Self:
        """One cell for each of these values, the only ones that there may be."""
        return cls(name, np.unique(np.asarray(values)), binned=False)

    def __len__(self) -> int:
        return len(self.marks) - self.binned

    def index(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """The number `(n,)` of each value's cell, from 0.

        Raises:
            MetricError: a value for which there is no cell.
        """
        return self._bins(values) if self.binned else self._places(values)

    def _bins(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """As `numpy.digitize`, by arithmetic, which is right to within one bin, and a look at the edges."""
        edges, last = self.marks, len(self) - 1
        width = edges[-1] / len(self) - edges[0] / len(self)
        if not 100 * np.spacing(np.abs(edges).max()) < width < np.inf:  # too narrow for arithmetic
            return np.asarray(np.searchsorted(edges[1:-1], values, side="right"), dtype=np.int64)
        inside = np.clip(values, edges[0], edges[-1])
        index = ((inside - edges[0]) / width).astype(np.int64)
        np.minimum(index, last, out=index)
        index -= inside < edges[index]
        index += inside >= edges[1:][index]
        return np.asarray(np.minimum(index, last))

    def _places(self, values: NDArray[Any]) -> NDArray[np.int64]:
        marks = self.marks
        if marks.dtype.kind in "iuf" and values.dtype.kind in "iuf" and close_together(marks):
            return self._by_table(values)
        index = np.minimum(np.searchsorted(marks, values), len(marks) - 1)
        self._refuse_unknown(values, marks[index] != values)
        return np.asarray(index, dtype=np.int64)

    def _by_table(self, values: NDArray[Any]) -> NDArray[np.int64]:
        low, high = int(self.marks[0]), int(self.marks[-1])
        table = np.full(high - low + 1, -1, dtype=np.int64)
        table[self.marks.astype(np.int64) - low] = np.arange(len(self))
        self._refuse_unknown(values, (values < low) | (values > high))
        whole = values.astype(np.int64)
        index = table[whole - low]
        self._refuse_unknown(values, (index < 0) | (whole != values))
        return index

    def _refuse_unknown(self, values: NDArray[Any], unknown: NDArray[np.bool_]) -> None:
        if unknown.any():
            raise MetricError(
                f"{unknown.sum()} values of {self.name!r}, such as {values[unknown][0]!s}, have no cell to count in.",
                "Take the cells from all the data, or name all the values that there are.",
            )


def _edges(ends: NDArray[Any], num_bins: int) -> NDArray[Any]:
    """As NumPy has them, also where there are fewer numbers between the ends than bins."""
    try:
        return np.histogram_bin_edges(ends, num_bins)
    except ValueError:
        return np.linspace(ends[0], ends[1], num_bins + 1)


def bins_of(variables: Variables, num_bins: int, *, reach: float | None = None) -> tuple[Bins, ...]:
    """The cells of each variable: `num_bins` bins of a continuous one and of angles, the values of all others.

    Args:
        variables: whose values are to be counted.
        num_bins: how many.
        reach: see `Bins.of`.

    Raises:
        MetricError: fewer than 2 bins.
    """
    summaries = variables.summaries
    return bins_of_summaries(variables.names, summaries, num_bins, reach=reach)


def bins_of_summaries(
    names: Sequence[str], summaries: Summaries, num_bins: int, *, reach: float | None = None
) -> tuple[Bins, ...]:
    """The cells of variables that reach so far; see `bins_of`."""
    check_bins(num_bins)
    return tuple(Bins.of(name, summary, num_bins, reach) for name, summary in zip(names, summaries, strict=True))


def check_bins(num_bins: int) -> None:
    """Refuse fewer than 2 bins.

    Raises:
        MetricError: there are fewer.
    """
    if num_bins < 2:
        raise MetricError(f"num_bins is {num_bins}.", "Give 2 or more bins.")
