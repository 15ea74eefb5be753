"""Scores of counts, with what it takes to draw the counted samples anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.metrics.information.contingency import Binning, Contingency, bin_indices, cells_of_groups
from disentangle_bench.metrics.inputs import paired
from disentangle_bench.metrics.metric import Codes, Factors, Score, values_of, with_resampling
from disentangle_bench.metrics.resampling import Resampling, Weights
from disentangle_bench.representation.variables import Variables

S = TypeVar("S", Score, dict[str, Score])


def score_counts(
    score: Callable[[Contingency], S],
    codes: Codes,
    factors: Factors,
    num_bins: int = 20,
    *,
    binning: Binning | None = None,
) -> S:
    """Give a metric of counts the contingency of codes and factors; see `Contingency.of`.

    Resamples of the rows, for an interval, are counted in the same bins. A code of several columns is counted in the
    cells that the bins of its columns make together, so that its information is that of all of them jointly.
    """
    rows, columns = paired(codes, factors)
    rows = cells_of_groups(rows, binning or Binning(num_bins, num_bins))
    counts = Contingency.of(rows, columns, num_bins, binning=binning)
    scores = score(counts)
    recount = Recount(counts, rows, columns)
    parts = ("",) if isinstance(scores, Score) else tuple(scores)
    return with_resampling(
        scores, parts, Resampling(len(recount.codes), "rows", lambda weights: values_of(score(recount.of(weights))))
    )


@dataclass(frozen=True, eq=False)
class Recount:
    """The rows behind counts, whose bins are looked up once."""

    counts: Contingency
    codes: Variables
    factors: Variables

    @cached_property
    def bins(self) -> tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]:
        return bin_indices(self.codes, self.counts.codes), bin_indices(self.factors, self.counts.factors)

    def of(self, weights: Weights) -> Contingency:
        """The counts if each row came as often as its weight says."""
        drawn = replace(self.counts, joint=np.zeros(self.counts.joint.shape))
        for i, row in enumerate(self.bins[0]):
            for j, column in enumerate(self.bins[1]):
                table = drawn.table(i, j)
                flat = np.bincount(row * table.shape[1] + column, weights, minlength=table.size)
                table[:] = flat.reshape(table.shape)
        return drawn
