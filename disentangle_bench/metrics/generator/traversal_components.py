"""The components of traversal consistency, each computed on paths or on resamples of paths.

Every function takes `counts (r, n)`: how often each of r resamples holds each of n paths, n in all. A row of ones
stands for the paths themselves. The result is r values in [0, 1], NaN where the component is undefined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from disentangle_bench.metrics.generator.traversals import Floats, Traversal

Counts = NDArray[np.int64]
Component = Callable[[Traversal, Counts], Floats]

UNMOVED = 1e-5  # a smaller difference between images or readings is rounding


def accuracy(traversal: Traversal, counts: Counts) -> Floats:
    """The accuracy of Q's most likely category."""
    return _mean(counts, (traversal.estimates == traversal.values).mean(axis=1))


def determination(traversal: Traversal, counts: Counts) -> Floats:
    """The R2 of Q's mean as a prediction of the requested value, 0 where negative."""
    return np.maximum(unclipped_determination(traversal, counts), 0.0)


def unclipped_determination(traversal: Traversal, counts: Counts) -> Floats:
    """The same R2, however negative."""
    errors = np.square(traversal.estimates - traversal.values).mean(axis=1)
    return 1 - _mean(counts, errors) / float(traversal.values.var())


def isolation(traversal: Traversal, counts: Counts) -> Floats:
    """The mean of `isolations` over the other codes whose posterior varies at all."""
    each = np.array([values for values in isolations(traversal, counts).values() if not np.isnan(values).any()])
    return each.mean(axis=0) if len(each) else np.full(len(counts), np.nan)


def isolations(traversal: Traversal, counts: Counts) -> dict[int, Floats]:
    """How constant the posterior of each other code is along the paths, by index of the code."""
    readings = enumerate(traversal.paths.readings)
    return {index: intraclass_correlation(reading, counts) for index, reading in readings if index != traversal.index}


def intraclass_correlation(readings: Floats, counts: Counts) -> Floats:
    """The intraclass correlation of readings `(n, s, p)` within paths, 0 where negative, NaN where none varies.

    ICC(1,1) of Shrout and Fleiss (Psychological Bulletin 86, 1979) with sums of squares over the p components:
    `B / (B + W)`, where W is the variance along a path and B that between paths beyond it.
    """
    n, steps, _ = readings.shape
    if np.square(readings - readings.mean(axis=(0, 1))).sum(axis=2).mean() < UNMOVED**2:
        return np.full(len(counts), np.nan)
    means = readings.mean(axis=1)
    means = means - means.mean(axis=0)
    within = _mean(counts, readings.var(axis=1, ddof=1).sum(axis=1))
    spread = _mean(counts, np.square(means).sum(axis=1)) - np.square(_mean(counts, means)).sum(axis=1)
    between = spread * n / (n - 1) - within / steps
    total = between + within
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > UNMOVED**2, np.maximum(between / total, 0.0), 0.0)


def monotonicity(traversal: Traversal, counts: Counts) -> Floats:
    """The mean over paths of the absolute rank correlation of Q's mean with the requested value."""
    return _mean(counts, np.abs(order_along(traversal)))


def direction(traversal: Traversal, counts: Counts) -> Floats:
    """The share of paths on which that rank correlation has the more frequent of the two signs."""
    orders = order_along(traversal)
    return np.maximum(_mean(counts, orders > 0), _mean(counts, orders < 0))


def order_along(traversal: Traversal) -> Floats:
    """Spearman's correlation of Q's mean with the (ascending) values, per path `(n,)`; 0 for a constant mean."""
    ranks = stats.rankdata(np.round(traversal.estimates / UNMOVED), axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    places = np.arange(len(traversal.values)) - (len(traversal.values) - 1) / 2
    norms = np.sqrt(np.square(ranks).sum(axis=1) * np.square(places).sum())
    orders: Floats = np.divide(ranks @ places, norms, out=np.zeros(len(ranks)), where=norms > 0)
    return orders


def smoothness(traversal: Traversal, counts: Counts) -> Floats:
    """How far the longest step is from a jump, averaged over the paths that visibly move; NaN if none does."""
    distances = traversal.paths.distances
    steps = distances.shape[1] - 1
    longest = np.diagonal(distances, offset=1, axis1=1, axis2=2).max(axis=1)
    largest = distances.max(axis=(1, 2))
    moving = largest > max(UNMOVED, traversal.visible)
    ratios = np.divide(longest, largest, out=np.ones_like(largest), where=moving)
    values = (1 - ratios) * steps / (steps - 1)
    total = _mean(counts, moving)
    undefined = np.full(len(counts), np.nan)
    means: Floats = np.divide(_mean(counts, values * moving), total, out=undefined, where=total > 0)
    return means


def content(traversal: Traversal, counts: Counts) -> Floats:
    """The share of a path's images in the path's most frequent predicted class; NaN without classifier."""
    if traversal.paths.classes is None:
        return np.full(len(counts), np.nan)
    classes = traversal.paths.classes
    agreeing = (classes[:, :, None] == classes[:, None, :]).sum(axis=2).max(axis=1)
    return _mean(counts, agreeing / classes.shape[1])


def _mean(counts: Counts, values: ArrayLike) -> Floats:
    """The mean in each resample, `(r, ...)`, of one value per path, `(n, ...)`."""
    means: Floats = counts @ np.asarray(values, dtype=np.float64) / counts.shape[1]
    return means


CATEGORICAL: Mapping[str, Component] = {"fidelity": accuracy, "isolation": isolation}
CONTINUOUS: Mapping[str, Component] = {
    "fidelity": determination,
    "isolation": isolation,
    "monotonicity": monotonicity,
    "direction": direction,
    "smoothness": smoothness,
    "content": content,
}
SHARES = frozenset({accuracy, direction, content})  # shares of paths, or of their images, that pass


def components_of(traversal: Traversal) -> Mapping[str, Component]:
    """The components that are defined for the traversed code, by name."""
    return CATEGORICAL if traversal.categorical else CONTINUOUS
