"""Bins of one variable: of equal width, or one for each value that occurs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.representation.summary import Summaries, Summary, close_together
from disentangle_bench.representation.variables import Variables

MOST_BINS = 2**20


@dataclass(frozen=True, eq=False)
class Bins:
    """The `m` bins of one variable.

    Attributes:
        name: name of the variable.
        marks: the `m + 1` edges of bins of equal width, or the `m` values, sorted.
        equal_width: which of the two. Values beyond the outermost edges fall into the outermost bins.
    """

    name: str
    marks: NDArray[Any]
    equal_width: bool

    @classmethod
    def of(cls, name: str, summary: Summary, num_bins: int, reach: float | None = None) -> Self:
        """Build the bins of a variable from its summary.

        Args:
            name: name of the variable.
            summary: its range, mean and deviation, or its values.
            num_bins: number of bins, unless its values are counted one by one.
            reach: let the bins cover this many standard deviations on either side of the mean instead of the range.
        """
        if summary.values is not None:
            return cls(name, summary.values, equal_width=False)
        ends = np.array([summary.low, summary.high])
        if reach is not None and summary.low < summary.high and np.isfinite(summary.deviation):
            ends = summary.mean + np.array([-reach, reach]) * summary.deviation
        return cls(name, _edges(ends, num_bins), equal_width=True)

    @classmethod
    def between(cls, name: str, low: float, high: float, num_bins: int = 20) -> Self:
        """Build bins of equal width over a known range; values beyond it fall into the outermost bins.

        Raises:
            MetricError: `num_bins` is below 2.
        """
        require_at_least(2, num_bins=num_bins)
        return cls(name, _edges(np.array([low, high], dtype=np.float64), num_bins), equal_width=True)

    @classmethod
    def of_values(cls, name: str, values: ArrayLike) -> Self:
        """Build one bin for each of these values; any other value is an error."""
        return cls(name, np.unique(np.asarray(values)), equal_width=False)

    def __len__(self) -> int:
        return len(self.marks) - self.equal_width

    def digitize(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Return the index `(n,)`, from 0, of each value's bin.

        Raises:
            MetricError: a value has no bin.
        """
        return self._by_width(values) if self.equal_width else self._by_value(values)

    def _by_width(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Do what `numpy.digitize` does by arithmetic, which is off by one bin at most, and correct it at the edges."""
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

    def _by_value(self, values: NDArray[Any]) -> NDArray[np.int64]:
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
                f"{unknown.sum()} values of {self.name!r}, such as {values[unknown][0]!s}, fall into no bin.",
                "Take the bins from all the data, or list every value that occurs.",
            )


def _edges(ends: NDArray[Any], num_bins: int) -> NDArray[Any]:
    """Return NumPy's edges, also where fewer floats lie between the ends than there are bins."""
    try:
        return np.histogram_bin_edges(ends, num_bins)
    except ValueError:
        return np.linspace(ends[0], ends[1], num_bins + 1)


def bins_of(variables: Variables, num_bins: int, *, reach: float | None = None) -> tuple[Bins, ...]:
    """Build the bins of each variable: of equal width for continuous variables and angles, by value for all others.

    Args:
        variables: `(n, d)` values of any kinds.
        num_bins: number of bins of equal width.
        reach: see `Bins.of`.

    Raises:
        MetricError: `num_bins` is below 2, or more than can be counted.
    """
    summaries = variables.summaries
    return bins_of_summaries(variables.names, summaries, num_bins, reach=reach)


def bins_of_summaries(
    names: Sequence[str], summaries: Summaries, num_bins: int, *, reach: float | None = None
) -> tuple[Bins, ...]:
    """Build the bins of variables from their summaries; see `bins_of`."""
    require_at_least(2, num_bins=num_bins)
    if num_bins > MOST_BINS:
        raise MetricError(f"num_bins is {num_bins:,}.", f"Give {MOST_BINS:,} or fewer.")
    return tuple(Bins.of(name, summary, num_bins, reach) for name, summary in zip(names, summaries, strict=True))
