"""The difference of two models over seeds: estimate, interval, tests, and what so many seeds could have shown."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import NamedTuple, TypeVar

import numpy as np
import scipy
from numpy.typing import NDArray

from disentangle_bench.evaluation.seeds.detectable import detectable_difference
from disentangle_bench.evaluation.seeds.permutation import permutation_p, sign_flip_p, smallest_p

Floats = NDArray[np.float64]
Seed = TypeVar("Seed", bound=Hashable)


class SeedDifference(NamedTuple):
    """The mean of the second minus the mean of the first.

    Attributes:
        value: the difference.
        low, high: Student's 95 % interval.
        p: of the t test that belongs to the interval, two-sided; of the permutation test where there is no spread.
        p_exact: of the permutation test, which assumes no distribution.
        smallest_p: the smallest that `p_exact` can be with so many seeds.
        standard_error, degrees: of the t test, and of its freedom; for `detectable_difference`.
        method: what was computed.
        reason: why there is no interval, if so.
    """

    value: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_exact: float | None = None
    smallest_p: float | None = None
    standard_error: float | None = None
    degrees: float | None = None
    method: str = ""
    reason: str = ""

    @property
    def detectable(self) -> float | None:
        """The true difference that the t test, if it is the only one, sees in 80 of 100 experiments."""
        if self.standard_error is None or self.degrees is None:
            return None
        return detectable_difference(self.standard_error, self.degrees)


def paired_seeds(first: Floats, second: Floats) -> SeedDifference:
    """Estimate the mean difference of `(n,)` pairs of the same seed: paired t, and the exact sign-flip test."""
    differences = second - first
    n, mean = len(differences), float(differences.mean())
    if n < 2:
        return SeedDifference(mean, reason=ONE_SEED)
    p_exact = sign_flip_p(differences)
    if has_no_spread(differences, first, second):
        method, reason = f"exact sign flips over {n} seeds", f"all {n} seeds differ by the same"
        return _without_spread(mean, p_exact, smallest_p(n), method, reason)
    test = scipy.stats.ttest_1samp(differences, 0.0)
    low, high = test.confidence_interval()
    return SeedDifference(
        mean,
        float(low),
        float(high),
        float(test.pvalue),
        p_exact,
        smallest_p(n),
        float(differences.std(ddof=1)) / math.sqrt(n),
        n - 1,
        f"paired t over {n} seeds",
    )


def unpaired_seeds(first: Floats, second: Floats) -> SeedDifference:
    """Estimate the difference of the means of `(n,)` and `(m,)` seeds: Welch's t, and the exact permutation test."""
    n, m, mean = len(first), len(second), float(second.mean() - first.mean())
    if min(n, m) < 2:
        return SeedDifference(mean, reason=ONE_SEED)
    p_exact = permutation_p(first, second)
    if has_no_spread(first, first, second) and has_no_spread(second, first, second):
        method, reason = f"exact permutations of {n} and {m} seeds", "all seeds of either are equal"
        return _without_spread(mean, p_exact, smallest_p(n, m), method, reason)
    test = scipy.stats.ttest_ind(second, first, equal_var=False)
    low, high = test.confidence_interval()
    return SeedDifference(
        mean,
        float(low),
        float(high),
        float(test.pvalue),
        p_exact,
        smallest_p(n, m),
        math.sqrt(first.var(ddof=1) / n + second.var(ddof=1) / m),
        float(test.df),
        f"Welch's t, {n} and {m} seeds",
    )


def difference_over_seeds(first: Mapping[Seed, float | None], second: Mapping[Seed, float | None]) -> SeedDifference:
    """Estimate the mean of the second minus the mean of the first.

    Paired if both have the same seeds, less those of which either lacks the value. If the seeds are not the same, or
    fewer than two pairs are left of several, by all values that there are.

    Args:
        first: seed -> value; at least one of them is not None.
        second: the same.
    """
    pairs = [(first[seed], second[seed]) for seed in first if seed in second]
    pairs = [pair for pair in pairs if None not in pair]
    if first.keys() == second.keys() and len(pairs) >= min(2, len(first)):
        before, after = np.array(pairs, dtype=np.float64).T
        return paired_seeds(before, after)
    known = ([value for value in of.values() if value is not None] for of in (first, second))
    return unpaired_seeds(*map(np.array, known))


ONE_SEED = "one of the two has a single run, so its spread over seeds is unknown"


def has_no_spread(values: Floats, *scale: Floats) -> bool:
    """Whether values are equal but for rounding, whose spread a t test would take for a very small one."""
    return bool(np.ptp(values) <= 1e-12 * max(float(np.abs(each).max()) for each in scale))


def _without_spread(mean: float, p: float, smallest: float, method: str, reason: str) -> SeedDifference:
    if mean == 0:
        return SeedDifference(mean, 0.0, 0.0, p, p, smallest, method=method)
    return SeedDifference(mean, p=p, p_exact=p, smallest_p=smallest, method=method, reason=reason)
