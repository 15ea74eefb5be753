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
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Ranking:
    """The order of `n` values, ties included.

    Attributes:
        order: `(n,)`, the observations from lowest to highest value.
        starts: position in `order` at which each distinct value starts.
        distinct: `(n,)`, index of each observation's distinct value.
    """

    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    distinct: NDArray[np.int64]

    @classmethod
    def of(cls, values: ArrayLike) -> Ranking:
        """The order of `values (n,)`."""
        array = np.asarray(values)
        _, starts, distinct = np.unique(np.sort(array), return_index=True, return_inverse=True)
        order = np.argsort(array, kind="stable")
        back = np.empty_like(distinct)
        back[order] = distinct
        return cls(order, starts, back)

    def centered(self, counts: Counts) -> Floats:
        """The mid-rank of each observation in each resample, minus the mean rank, `(r, n)`."""
        ties = np.add.reduceat(counts[:, self.order], self.starts, axis=1)
        middles = np.cumsum(ties, axis=1) - ties / 2
        ranks: Floats = (middles - counts.sum(axis=1, keepdims=True) / 2)[:, self.distinct]
        return ranks


def spearman(x: Ranking, y: Ranking, counts: Counts, groups: ArrayLike | None = None) -> Floats:
    """Spearman's correlation of each resample, `(r,)`; NaN where all values are equal.

    With `groups (n,)`, the partial correlation given the group: between the ranks minus the mean rank of their group.
    """
    a, b = x.centered(counts), y.centered(counts)
    if groups is not None:
        a, b = _within(a, counts, groups), _within(b, counts, groups)
    return _ratio(_sum(counts, a, b), np.sqrt(_sum(counts, a, a) * _sum(counts, b, b)))


def eta_squared(groups: ArrayLike, y: Ranking, counts: Counts) -> Floats:
    """The share of the variance of ranks that lies between groups, `(r,)`; NaN where all values are equal.

    It is the H of Kruskal and Wallis, corrected for ties, over n - 1. For k groups unrelated to the values its mean is
    `(k - 1) / (n - 1)`.
    """
    ranks = y.centered(counts)
    rest = _within(ranks, counts, groups)
    total = _sum(counts, ranks, ranks)
    return _ratio(total - _sum(counts, rest, rest), total)


def _within(ranks: Floats, counts: Counts, groups: ArrayLike) -> Floats:
    """Ranks minus the mean of their group in each resample, `(r, n)`."""
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    one_hot = np.eye(member.max() + 1)[member]
    sizes, sums = counts @ one_hot, (counts * ranks) @ one_hot
    means: Floats = np.divide(sums, sizes, out=np.zeros_like(sums), where=sizes > 0)
    return ranks - means[:, member]


def _sum(counts: Counts, a: Floats, b: Floats) -> Floats:
    total: Floats = np.einsum("rn,rn,rn->r", counts, a, b)
    return total


def _ratio(part: Floats, whole: Floats) -> Floats:
    some = whole > EQUAL
    ratio: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=some)
    return ratio
