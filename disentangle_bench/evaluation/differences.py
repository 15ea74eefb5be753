"""The difference of two scores with a 95 % interval and a p-value: paired, unpaired, resampled, or from two intervals.

Differences are second minus first. The paired and unpaired t need no resampling: the means of the hundreds to
thousands of samples that metrics give are normal to a good approximation, and a p-value that must survive a correction
for many rows cannot come from the quantiles of a bootstrap, whose smallest p-value is one over its draws. Where a score
is not a mean of samples, its values on resamples that both subjects share give the standard deviation instead.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import ndtri

CONFIDENCE = 0.95
_Z = float(ndtri(0.5 + CONFIDENCE / 2))
LEAST_KNOWN = 0.9
"""The least share of resamples with a value."""
Floats = NDArray[np.float64]


class Estimate(NamedTuple):
    """A difference; without an interval (`low`, `high` and `p` None), `reason` says why."""

    value: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    method: str = ""
    reason: str = ""


class ScoredInterval(NamedTuple):
    """A score with its own 95 % interval."""

    value: float
    low: float
    high: float


def paired_difference(first: Floats, second: Floats) -> Estimate:
    """Estimate the mean of `second - first`, both `(n,)` and of the same samples, in the same order.

    Outcomes of 0 and 1 get the exact McNemar test, which holds its level with however few discordant samples, and
    Tango's score interval (Statistics in Medicine 17, 1998), which keeps its coverage where the t interval would
    collapse; everything else gets the paired t.
    """
    if len(first) and _is_binary(first) and _is_binary(second):
        gains, losses = int(np.sum(second > first)), int(np.sum(first > second))
        p = float(scipy.stats.binomtest(gains, gains + losses).pvalue) if gains + losses else 1.0
        low, high = tango_interval(gains, losses, len(first))
        return Estimate((gains - losses) / len(first), low, high, p, "exact McNemar")
    return paired_t(first, second)


def paired_t(first: Floats, second: Floats) -> Estimate:
    """Estimate the mean of `second - first`, both `(n,)`, by Student's t on the differences."""
    differences = second - first
    mean = float(differences.mean())
    if len(differences) < 2:
        return Estimate(mean, reason="there is only one pair")
    if _is_constant(differences, scale=max(_size(first), _size(second))):
        if mean == 0:
            return Estimate(mean, 0.0, 0.0, 1.0, "all pairs are equal")
        return Estimate(mean, reason=f"all {len(differences)} pairs differ by the same, so the spread is unknown")
    test = scipy.stats.ttest_1samp(differences, 0.0)
    low, high = test.confidence_interval(CONFIDENCE)
    return Estimate(mean, float(low), float(high), float(test.pvalue), "paired t")


def welch_difference(first: Floats, second: Floats) -> Estimate:
    """Estimate `mean(second) - mean(first)` of independent samples `(n,)` and `(m,)` by Welch's t."""
    mean = float(second.mean() - first.mean())
    if min(len(first), len(second)) < 2:
        return Estimate(mean, reason="one of the two has only one sample")
    scale = max(_size(first), _size(second))
    if _is_constant(first, scale) and _is_constant(second, scale):
        return Estimate(mean, reason="all samples of either are equal, so their spread is unknown")
    test = scipy.stats.ttest_ind(second, first, equal_var=False)
    low, high = test.confidence_interval(CONFIDENCE)
    return Estimate(mean, float(low), float(high), float(test.pvalue), "Welch's t")


def difference_of_replicates(value: float, differences: Floats, what: str) -> Estimate | None:
    """Estimate a difference from those on resamples that both scores share, by Student's t.

    Args:
        value: second minus first, on the samples themselves.
        differences: `(b,)` the same on each resample, NaN where it has none.
        what: was resampled.

    Returns:
        None if more than a tenth of the resamples have no value, or all have the same.
    """
    known = differences[~np.isnan(differences)]
    if len(known) < 2 or len(known) < LEAST_KNOWN * len(differences):
        return None
    deviation = float(known.std(ddof=1))
    if deviation <= 1e-12 * max(1.0, abs(value)):
        return Estimate(value, 0.0, 0.0, 1.0, f"all resamples of {what} are equal") if value == 0 else None
    reach = float(scipy.stats.t.ppf(0.5 + CONFIDENCE / 2, len(known) - 1)) * deviation
    p = 2 * float(scipy.stats.t.sf(abs(value) / deviation, len(known) - 1))
    return Estimate(value, value - reach, value + reach, p, f"paired bootstrap over {what}")


def difference_of_intervals(first: ScoredInterval, second: ScoredInterval) -> Estimate:
    """Estimate `second - first` from their own 95 % intervals, taken as independent.

    Square-and-add of the one-sided widths (MOVER; Zou and Donner, Statistics in Medicine 27, 2008), so that lopsided
    intervals stay so. For scores of the same samples this is conservative: their correlation is not used.
    """
    value = second.value - first.value
    below = math.hypot(max(second.value - second.low, 0.0), max(first.high - first.value, 0.0))
    above = math.hypot(max(second.high - second.value, 0.0), max(first.value - first.low, 0.0))
    towards_zero = below if value > 0 else above
    if value == 0:
        return Estimate(value, -below, above, 1.0, "from the two intervals")
    if towards_zero == 0:
        return Estimate(value, reason="the two intervals have no width")
    p = 2 * float(scipy.stats.norm.sf(abs(value) / (towards_zero / _Z)))
    return Estimate(value, value - below, value + above, p, "from the two intervals")


def _is_binary(values: Floats) -> bool:
    return bool(np.isin(values, (0, 1)).all())


def _size(values: Floats) -> float:
    return float(np.abs(values).max())


def _is_constant(values: Floats, scale: float) -> bool:
    # What rounding leaves of equal values has a spread too; a t test would take it for a very small one.
    return bool(np.ptp(values) <= 1e-12 * scale)


def tango_interval(gains: int, losses: int, n: int) -> tuple[float, float]:
    """Compute the 95 % score interval of `(gains - losses) / n`, the difference of two paired proportions."""
    value = (gains - losses) / n

    def statistic(difference: float) -> float:
        if math.isclose(difference, value, abs_tol=1e-15):
            return 0.0
        b = -gains - losses + (2 * n - gains + losses) * difference
        c = -losses * difference * (1 - difference)
        lost = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)  # P(loss) that is likeliest at this difference
        variance = n * (2 * lost + difference * (1 - difference))
        distance = gains - losses - n * difference
        return distance / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, distance)

    edge = 1 - 1e-12
    low = high = value
    if value > -edge:
        low = scipy.optimize.brentq(lambda difference: statistic(difference) - _Z, -edge, value)
    if value < edge:
        high = scipy.optimize.brentq(lambda difference: statistic(difference) + _Z, value, edge)
    return float(low), float(high)
