"""95 % intervals over evaluation samples."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from disentangle_bench.metrics.metric import Bounds

LEVEL = 0.95
Interval = tuple[float, float]
_OPEN: Bounds = (None, None)


def mean_interval(samples: ArrayLike) -> Interval:
    """Student's interval for the mean of independent contributions `(n,)`, n of 2 or more."""
    values = np.asarray(samples, dtype=np.float64)
    return _student(float(values.mean()), float(values.std(ddof=1)), len(values))


def parts_interval(value: float, parts: ArrayLike) -> Interval:
    """An interval for a figure whose terms depend on each other, from the same figure on `m` disjoint equal parts.

    The variance of the whole is taken as that of a part over `m`, which holds for nearest-neighbour estimates of
    information (Holmes and Nemenman 2019, arXiv:1903.09280); spread of their terms would come out too small.
    """
    figures = np.asarray(parts, dtype=np.float64)
    return _student(value, float(figures.std(ddof=1)), len(figures))


def resampled_tables(table: ArrayLike, replicates: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Bootstrap samples of the rows behind a contingency table: `(replicates, r, c)` tables.

    Drawing n rows with replacement and counting them is one multinomial draw, whatever n is.
    """
    counts = np.asarray(table, dtype=np.int64)
    total = int(counts.sum())
    drawn = rng.multinomial(total, counts.ravel() / total, size=replicates)
    return drawn.reshape(replicates, *counts.shape)


def bootstrap_interval(value: float, replicates: ArrayLike, bounds: Bounds = _OPEN) -> Interval:
    """The percentile interval of bootstrap figures `(b,)`, moved so that their mean is `value`, within `bounds`.

    Resampling adds to plug-in figures, such as NMI, the bias that they have already; moved, the interval has it once.
    For an accuracy, which has none, this is the plain percentile interval.
    """
    figures = np.asarray(replicates, dtype=np.float64)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(figures, [tail, 1 - tail]) + (value - figures.mean())
    return _within(float(low), bounds), _within(float(high), bounds)


def share_interval(value: float, replicates: ArrayLike, n: int) -> Interval:
    """The bootstrap interval of a share of `n` samples; Wilson's (1927) where all agree.

    Of a share of 0 or 1 every resample is the same, which would make a few samples look like certainty.
    """
    if 0 < value < 1:
        return bootstrap_interval(value, replicates, (0, 1))
    exact = stats.binomtest(round(value * n), n).proportion_ci(LEVEL, method="wilson")
    return float(exact.low), float(exact.high)


def _student(center: float, deviation: float, n: int) -> Interval:
    reach = float(stats.t.ppf((1 + LEVEL) / 2, n - 1)) * deviation / math.sqrt(n)
    return center - reach, center + reach


def _within(value: float, bounds: Bounds) -> float:
    low, high = bounds
    value = value if low is None else max(value, low)
    return value if high is None else min(value, high)
