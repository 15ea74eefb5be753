"""Rank correlations with a bootstrap that ranks every resample anew.

A resample is described by how often it holds each observation, `counts (r, n)`; a row of ones is the sample itself.
Ranks within a resample then need no sorting but the first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

EQUAL = 1e-6  # a smaller spread of ranks is rounding: that of two untied values is 0.5
Floats = NDArray[np.float64]
Counts = NDArray[np.float64] | NDArray[np.int64]
"""Whole numbers; as floats they need no conversion in any of the sums."""


@dataclass(frozen=True)
class Ranks:
    """The ranks of a variable in each resample, minus their mean.

    Attributes:
        counts: `(r, n)`, of the resamples.
        values: `(r, n)`, the mid-rank of each observation minus the mean rank, of all observations or of its group.
        squares: `(r,)`, their sum of squares.
    """

    counts: Counts
    values: Floats
    squares: Floats

    @classmethod
    def of(cls, variable: ArrayLike, counts: Counts, groups: ArrayLike | None = None) -> Ranks:
        """Rank `variable (n,)` in each resample; with `groups (n,)`, the mean rank of each group is subtracted."""
        array = np.asarray(variable)
        order = np.argsort(array, kind="stable")
        _, starts, distinct = np.unique(array[order], return_index=True, return_inverse=True)
        ties = np.add.reduceat(counts[:, order], starts, axis=1)
        middles = np.cumsum(ties, axis=1) - ties / 2
        place = np.empty_like(distinct)
        place[order] = distinct
        values: Floats = (middles - counts.sum(axis=1, keepdims=True) / 2)[:, place]
        if groups is not None:
            values = _within(values, counts, groups)
        return cls(counts, values, _sum(counts, values, values))


def spearman(x: Ranks, y: Ranks) -> Floats:
    """Spearman's correlation of each resample, `(r,)`; NaN where all values are equal.

    Of ranks minus the mean rank of their group it is the partial correlation given the group.
    """
    return _ratio(_sum(x.counts, x.values, y.values), np.sqrt(x.squares * y.squares))


def eta_squared(groups: ArrayLike, y: Ranks) -> Floats:
    """The share of the variance of ranks that lies between groups, `(r,)`; NaN where all values are equal.

    It is the H of Kruskal and Wallis, corrected for ties, over n - 1. For k groups unrelated to the values its mean is
    `(k - 1) / (n - 1)`.
    """
    rest = _within(y.values, y.counts, groups)
    return _ratio(y.squares - _sum(y.counts, rest, rest), y.squares)


def _within(ranks: Floats, counts: Counts, groups: ArrayLike) -> Floats:
    """Ranks minus the mean of their group in each resample, `(r, n)`."""
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    one_hot = np.eye(member.max() + 1)[member]
    sizes, sums = counts @ one_hot, (counts * ranks) @ one_hot
    means: Floats = np.divide(sums, sizes, out=np.zeros_like(sums), where=sizes > 0)
    return ranks - means[:, member]


def _sum(counts: Counts, a: Floats, b: Floats) -> Floats:
    total: Floats = np.vecdot(counts * a, b)
    return total


def _ratio(part: Floats, whole: Floats) -> Floats:
    some = whole > EQUAL
    ratio: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=some)
    return ratio
