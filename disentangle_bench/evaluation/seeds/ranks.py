"""Ranks of several models, as certain as their seeds make them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from disentangle_bench.evaluation.seeds.correction import holm
from disentangle_bench.evaluation.seeds.detectable import LEVEL
from disentangle_bench.evaluation.seeds.difference import has_no_spread
from disentangle_bench.evaluation.seeds.permutation import smallest_p

Floats = NDArray[np.float64]


class RankInterval(NamedTuple):
    """The place of one model.

    Attributes:
        name: the model.
        mean: over its seeds.
        best, worst: its rank is in between, 1 for the best, and so is every other model's, 95 times in 100.
        groups: the tie groups that it is in, numbered from the best: no two models of one group are told apart.
    """

    name: str
    mean: float
    best: int
    worst: int
    groups: tuple[int, ...]


def rank_intervals(values: Mapping[str, Floats], *, higher: bool = True, paired: bool = False) -> list[RankInterval]:
    """Rank models by their means over seeds; the best comes first.

    All pairs are tested by t, corrected by Holm for one another. A model that k others are better than is at best on
    rank k + 1 (Klein, Wright and Wieczorek, JRSS A 183, 2020).

    Args:
        values: model name -> its values `(n,)`; a single one is told apart from no other.
        higher: whether higher values are better.
        paired: whether the n-th values of all models are of one seed.
    """
    sign = 1 if higher else -1
    names = sorted(values, key=lambda name: -sign * float(values[name].mean()))
    pairs = list(combinations(names, 2))  # the better one first
    test = _paired_p if paired else _unpaired_p
    corrected = holm([test(values[second], values[first]) for first, second in pairs])
    apart = {pair for pair, p in zip(pairs, corrected, strict=True) if p < LEVEL}
    groups = _tie_groups(names, apart)
    return [
        RankInterval(
            name,
            float(values[name].mean()),
            1 + sum((other, name) in apart for other in names),
            len(names) - sum((name, other) in apart for other in names),
            tuple(number for number, group in enumerate(groups, start=1) if name in group),
        )
        for name in names
    ]


def _paired_p(first: Floats, second: Floats) -> float:
    """The p-value of `paired_seeds`, without the permutations that take most of its time."""
    differences = second - first
    if len(differences) < 2 or not differences.any():
        return 1.0
    if has_no_spread(differences, first, second):
        return smallest_p(len(differences))
    return float(scipy.stats.ttest_1samp(differences, 0.0).pvalue)


def _unpaired_p(first: Floats, second: Floats) -> float:
    """The p-value of `unpaired_seeds`, without the permutations."""
    if min(len(first), len(second)) < 2 or (first.mean() == second.mean()):
        return 1.0
    if has_no_spread(first, first, second) and has_no_spread(second, first, second):
        return smallest_p(len(first), len(second))
    return float(scipy.stats.ttest_ind(second, first, equal_var=False).pvalue)


def _tie_groups(names: list[str], apart: set[tuple[str, str]]) -> list[list[str]]:
    """The longest runs of neighbors in the ranking of which no two are apart."""
    groups: list[list[str]] = []
    for start in range(len(names)):
        end = start
        while end < len(names) and not any((other, names[end]) in apart for other in names[start:end]):
            end += 1
        if not groups or names[end - 1] not in groups[-1]:
            groups.append(names[start:end])
    return groups
