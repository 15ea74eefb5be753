"""What the values of some seeds come to, with a 95 % interval for what all seeds would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

CONFIDENCE = 0.95
RESAMPLES = 2000
Floats = NDArray[np.float64]


class SeedInterval(NamedTuple):
    """An estimate over seeds with its 95 % interval; the ends are None where there is no spread to go by."""

    value: float
    low: float | None = None
    high: float | None = None


def mean_over_seeds(values: Floats) -> SeedInterval:
    """Return the mean of `(n,)` seeds with Student's interval."""
    if len(values) < 2 or np.ptp(values) == 0:
        return SeedInterval(float(values[0]))
    low, high = scipy.stats.ttest_1samp(values, 0.0).confidence_interval(CONFIDENCE)
    return SeedInterval(float(values.mean()), float(low), float(high))


def interquartile_mean(values: Floats, axis: int | None = None) -> Floats:
    """Return the mean of the middle half of the values; a quarter of them, rounded down, is cut off at either end."""
    if np.size(values, axis) < 4:  # there is nothing to cut off, and scipy.stats takes a while to import
        return np.asarray(np.mean(values, axis=axis))
    return np.asarray(scipy.stats.trim_mean(values, 0.25, axis=axis))


def stratified_interval(
    strata: Sequence[Floats],
    statistic: Callable[..., Floats] = interquartile_mean,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> SeedInterval:
    """Estimate a statistic of all values together; the seeds are resampled within each stratum, such as a dataset.

    The interval is Student's with the standard deviation of the resamples. Of the interquartile mean it holds 94 to 96
    times in 100 with five or ten normal seeds in one to three strata, 92 to 95 times with skewed ones (simulated); the
    quantiles of the resamples, usual elsewhere, hold 83 to 91 times with five. The degrees of freedom are
    Satterthwaite's, from the jackknife variance of each stratum.

    Args:
        strata: the values of the seeds in each, `(n_s,)`, n_s >= 2.
        statistic: of values along an `axis`.
        resamples: how many.
        seed: of the resamples.
    """
    rng = np.random.default_rng(seed)
    value = float(statistic(np.concatenate(strata), axis=0))
    drawn = [of[rng.integers(len(of), size=(resamples, len(of)))] for of in strata]
    deviation = float(np.std(statistic(np.concatenate(drawn, axis=1), axis=1), ddof=1))
    variances = np.array([_jackknife_variance(strata, place, statistic) for place in range(len(strata))])
    if deviation == 0 or not variances.any():
        return SeedInterval(value)
    degrees = variances.sum() ** 2 / sum(variances**2 / np.array([len(of) - 1 for of in strata]))
    reach = float(scipy.stats.t.ppf(0.5 + CONFIDENCE / 2, degrees)) * deviation
    return SeedInterval(value, value - reach, value + reach)


def _jackknife_variance(strata: Sequence[Floats], place: int, statistic: Callable[..., Floats]) -> float:
    """The variance of the statistic that is due to one stratum, whose seeds are left out one by one."""
    others = np.concatenate([np.empty(0), *(of for number, of in enumerate(strata) if number != place)])
    n = len(strata[place])
    without = np.array([[*np.delete(strata[place], seed), *others] for seed in range(n)])
    return (n - 1) * float(np.var(statistic(without, axis=1)))
