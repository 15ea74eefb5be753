"""The parts of traversal consistency, each a figure of paths, or of resamples of paths.

Every function takes `counts (r, n)`: how often each of r resamples holds each of n paths, n in all. A row of ones is
the paths themselves. It gives r figures in [0, 1], NaN where the part is undefined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from disentangle_bench.metrics.generator.traversals import Floats, Paths

Counts = NDArray[np.int64]

UNMOVED = 1e-5  # a smaller difference between pictures or readings is rounding


@dataclass(frozen=True)
class Sweep:
    """Paths along which one code was asked for `values (s,)`.

    Attributes:
        index: of the code among all codes.
        name: of the code.
        categorical: whether it is.
        suffix: of the scores' names: empty for the prior range.
        paths: what was read.
    """

    index: int
    name: str
    categorical: bool
    suffix: str
    values: Floats
    paths: Paths

    @property
    def parts(self) -> Mapping[str, Part]:
        """The parts that such a code has."""
        return CATEGORICAL if self.categorical else CONTINUOUS

    @property
    def estimates(self) -> Floats:
        """Q's likeliest category or its mean for the swept code: `(n, s)`."""
        reading = self.paths.readings[self.index]
        return reading.argmax(axis=2).astype(np.float64) if self.categorical else reading[:, :, 0]


Part = Callable[[Sweep, Counts], Floats]


def accuracy(sweep: Sweep, counts: Counts) -> Floats:
    """How often Q's likeliest category is the one asked for."""
    return _mean(counts, (sweep.estimates == sweep.values).mean(axis=1))


def determination(sweep: Sweep, counts: Counts) -> Floats:
    """The R2 of Q's mean as a prediction of the value asked for, 0 where negative."""
    return np.maximum(unclipped_determination(sweep, counts), 0.0)


def unclipped_determination(sweep: Sweep, counts: Counts) -> Floats:
    """The same R2, however far below 0."""
    errors = np.square(sweep.estimates - sweep.values).mean(axis=1)
    return 1 - _mean(counts, errors) / float(sweep.values.var())


def isolation(sweep: Sweep, counts: Counts) -> Floats:
    """The mean over the other codes whose posterior varies at all of how well it stays put along the paths."""
    each = np.array([figures for figures in isolations(sweep, counts).values() if not np.isnan(figures).any()])
    return each.mean(axis=0) if len(each) else np.full(len(counts), np.nan)


def isolations(sweep: Sweep, counts: Counts) -> dict[int, Floats]:
    """By the index of each other code, its posterior's intraclass correlation within paths, 0 where negative.

    ICC(1,1) of Shrout and Fleiss (Psychological Bulletin 86, 1979) with sums of squares over the posterior's
    components: `B / (B + W)`, where W is the variance along a path and B that between paths beyond it.
    """
    others = (index for index in range(len(sweep.paths.readings)) if index != sweep.index)
    return {index: _intraclass_correlation(sweep.paths.readings[index], counts) for index in others}


def _intraclass_correlation(reading: Floats, counts: Counts) -> Floats:
    n, steps, _ = reading.shape
    means = reading.mean(axis=1)
    means = means - means.mean(axis=0)
    within = _mean(counts, reading.var(axis=1, ddof=1).sum(axis=1))
    spread = _mean(counts, np.square(means).sum(axis=1)) - np.square(_mean(counts, means)).sum(axis=1)
    between = spread * n / (n - 1) - within / steps
    total = between + within
    if np.square(reading - reading.mean(axis=(0, 1))).sum(axis=2).mean() < UNMOVED**2:
        return np.full(len(counts), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > UNMOVED**2, np.maximum(between / total, 0.0), 0.0)


def monotonicity(sweep: Sweep, counts: Counts) -> Floats:
    """The mean absolute rank correlation between Q's mean and the value asked for."""
    return _mean(counts, np.abs(order_along(sweep)))


def direction(sweep: Sweep, counts: Counts) -> Floats:
    """The share of paths on which Q's mean goes the way, up or down, that it goes on most."""
    orders = order_along(sweep)
    return np.maximum(_mean(counts, orders > 0), _mean(counts, orders < 0))


def order_along(sweep: Sweep) -> Floats:
    """Spearman's correlation between Q's mean and the (ascending) values, per path `(n,)`; 0 for a constant mean."""
    ranks = stats.rankdata(np.round(sweep.estimates / UNMOVED), axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    places = np.arange(len(sweep.values)) - (len(sweep.values) - 1) / 2
    norms = np.sqrt(np.square(ranks).sum(axis=1) * np.square(places).sum())
    orders: Floats = np.divide(ranks @ places, norms, out=np.zeros(len(ranks)), where=norms > 0)
    return orders


def smoothness(sweep: Sweep, counts: Counts) -> Floats:
    """How far the longest step is from a jump; NaN if no picture moves."""
    distances = sweep.paths.distances
    steps = distances.shape[1] - 1
    longest = np.diagonal(distances, offset=1, axis1=1, axis2=2).max(axis=1)
    summary = distances.max(axis=(1, 2))
    moving = summary > UNMOVED
    ratios = np.divide(longest, summary, out=np.ones_like(summary), where=moving)
    figures = (1 - ratios) * steps / (steps - 1)
    total = _mean(counts, moving)
    undefined = np.full(len(counts), np.nan)
    means: Floats = np.divide(_mean(counts, figures * moving), total, out=undefined, where=total > 0)
    return means


def content(sweep: Sweep, counts: Counts) -> Floats:
    """The share of a path's pictures that the classifier gives the path's commonest class; NaN without classifier."""
    if sweep.paths.classes is None:
        return np.full(len(counts), np.nan)
    classes = sweep.paths.classes
    agreeing = (classes[:, :, None] == classes[:, None, :]).sum(axis=2).max(axis=1)
    return _mean(counts, agreeing / classes.shape[1])


def _mean(counts: Counts, values: ArrayLike) -> Floats:
    """The mean in each resample, `(r, ...)`, of one value per path, `(n, ...)`."""
    means: Floats = counts @ np.asarray(values, dtype=np.float64) / counts.shape[1]
    return means


CATEGORICAL: Mapping[str, Part] = {"fidelity": accuracy, "isolation": isolation}
CONTINUOUS: Mapping[str, Part] = {
    "fidelity": determination,
    "isolation": isolation,
    "monotonicity": monotonicity,
    "direction": direction,
    "smoothness": smoothness,
    "content": content,
}
SHARES = frozenset({accuracy, direction, content})  # shares of paths or of their pictures that pass
