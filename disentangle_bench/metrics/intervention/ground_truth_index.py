"""An index of the rows of a representation by the values of their factors."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.metrics.information.entropies import discretize
from disentangle_bench.metrics.resampling import Weights
from disentangle_bench.representation.variables import Variables


@dataclass(frozen=True, eq=False)
class Groups:
    """Rows that agree in the factors held fixed, one group per combination of values.

    Attributes:
        rows: `(m,)`: group after group.
        starts, sizes: `(g,)`: where each group lies in `rows`; each has 2 or more rows.
    """

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.sizes)

    def batches(self, count: int, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """`(count, size)` rows, each batch drawn with replacement from one group; groups are equally likely."""
        group = rng.integers(len(self), size=count)[:, None]
        chosen = self.starts[group] + rng.integers(self.sizes[group], size=(count, size))
        return np.asarray(self.rows[chosen], dtype=np.int64)

    def pairs(self, count: int, size: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """`(count, size)` pairs of different rows of one group; groups are equally likely for each pair."""
        group = rng.integers(len(self), size=(count, size))
        starts, sizes = self.starts[group], self.sizes[group]
        first = rng.integers(sizes)
        second = (first + 1 + rng.integers(sizes - 1)) % sizes
        return self.rows[starts + first], self.rows[starts + second]


class GroundTruthIndex:
    """Find rows by the values of their factors.

    In a full grid, where every combination of values occurs equally often, a row drawn from the group of a value is
    distributed as in the published protocols: that value is held fixed, all other factors are uniform and independent.
    In an incomplete grid the other factors are distributed as they occur together with that value.

    Args:
        factors: `(n, k)`; a continuous factor is held fixed within an equal-width bin.
        rows: `(m,)`, the rows to draw from; all by default.
        num_bins: bins of a continuous factor.
    """

    def __init__(self, factors: Variables, rows: NDArray[np.int64] | None = None, *, num_bins: int = 10) -> None:
        self._rows = np.arange(len(factors)) if rows is None else rows
        self._values = discretize(factors, num_bins)[self._rows]
        self._groups: dict[tuple[int, ...], Groups] = {}

    def fixing(self, *factors: int) -> Groups:
        """The groups of rows that agree in the factors at these positions; groups of a single row are left out."""
        if factors not in self._groups:
            _, group, sizes = np.unique(self._values[:, factors], axis=0, return_inverse=True, return_counts=True)
            order = np.argsort(group.ravel(), kind="stable")
            starts = np.cumsum(sizes) - sizes
            usable = sizes > 1
            self._groups[factors] = Groups(self._rows[order], starts[usable], sizes[usable])
        return self._groups[factors]

    def __len__(self) -> int:
        """How many rows are drawn from."""
        return len(self._rows)

    def redrawn(self, weights: Weights) -> GroundTruthIndex:
        """The same index with each row as often as its weight `(m,)` says."""
        index = copy(self)
        index._rows, index._values = np.repeat(self._rows, weights), np.repeat(self._values, weights, axis=0)
        index._groups = {}
        return index
