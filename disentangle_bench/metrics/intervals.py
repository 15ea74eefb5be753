"""95 % intervals over evaluation samples."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from disentangle_bench.metrics.metric import Bounds

LEVEL = 0.95
Interval = tuple[float, float]
_OPEN: Bounds = (None, None)


def mean_interval(samples: ArrayLike) -> Interval:
    """Compute Student's interval for the mean of independent contributions `(n,)`, n >= 2."""
    values = np.asarray(samples, dtype=np.float64)
    return _student(float(values.mean()), float(values.std(ddof=1)), len(values))


def parts_interval(value: float, parts: ArrayLike) -> Interval:
    """Compute an interval for an estimate whose terms depend on each other, from estimates of `m` equal parts.

    The variance of the whole is taken to be that of a part divided by `m`, which holds for nearest-neighbor estimates
    of information (Holmes and Nemenman 2019, arXiv:1903.09280); the spread of their terms is too small.

    Args:
        value: the estimate from all samples.
        parts: `(m,)` estimates from disjoint parts of equal size.
    """
    estimates = np.asarray(parts, dtype=np.float64)
    return _student(value, float(estimates.std(ddof=1)), len(estimates))


def resampled_tables(table: ArrayLike, replicates: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw bootstrap samples of the rows behind a contingency table `(r, c)`: tables `(replicates, r, c)`.

    Drawing n rows with replacement and counting them is a single multinomial draw, whatever n is.
    """
    counts = np.asarray(table, dtype=np.int64)
    total = int(counts.sum())
    drawn = rng.multinomial(total, counts.ravel() / total, size=replicates)
    return drawn.reshape(replicates, *counts.shape)


def bootstrap_interval(value: float, replicates: ArrayLike, bounds: Bounds = _OPEN) -> Interval:
    """Compute the percentile interval of bootstrap replicates, shifted so that their mean is `value`.

    Resampling adds the bias of a plug-in estimate, such as NMI, a second time; the shift removes it. For an unbiased
    estimate, such as an accuracy, this is the plain percentile interval.

    Args:
        value: the estimate.
        replicates: `(b,)` estimates from resamples.
        bounds: of the estimate; the interval is cut there.
    """
    estimates = np.asarray(replicates, dtype=np.float64)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(estimates, [tail, 1 - tail]) + (value - estimates.mean())
    return _within(float(low), bounds), _within(float(high), bounds)


def share_interval(value: float, replicates: ArrayLike, n: int) -> Interval:
    """Compute the bootstrap interval of a share of `n` samples, or Wilson's (1927) of a share of 0 or 1.

    All resamples of such a share are equal, so that a few samples would look like certainty.
    """
    if 0 < value < 1:
        return bootstrap_interval(value, replicates, (0, 1))
    from scipy.stats import binomtest  # which takes a second to import

    exact = binomtest(round(value * n), n).proportion_ci(LEVEL, method="wilson")
    return float(exact.low), float(exact.high)


def _student(center: float, deviation: float, n: int) -> Interval:
    reach = float(stdtrit(n - 1, (1 + LEVEL) / 2)) * deviation / math.sqrt(n)
    return center - reach, center + reach


def _within(value: float, bounds: Bounds) -> float:
    low, high = bounds
    value = value if low is None else max(value, low)
    return value if high is None else min(value, high)
