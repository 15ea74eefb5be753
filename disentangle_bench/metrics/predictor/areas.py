"""Areas under ROC curves: how often a sample of a class is given a higher probability of it than another sample."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from disentangle_bench.metrics.resampling import Weights

Floats = NDArray[np.float64]


def mean_area(probabilities: Floats, labels: NDArray[np.int64], classes: NDArray[np.int64]) -> float | None:
    """Average the area under the ROC curve of each class against the rest.

    Args:
        probabilities: `(n, c)` of each class.
        labels: `(n,)` true classes.
        classes: `(c,)` the classes of the columns.

    Returns:
        The mean area, in [0, 1]. Classes that no label or every label belongs to have no area; None if no class has
        one.
    """
    belongs = labels[:, None] == classes
    inside = belongs.sum(axis=0)
    outside = len(labels) - inside
    scored = (inside > 0) & (outside > 0)
    if not scored.any():
        return None
    ranks = (rankdata(probabilities[:, scored], axis=0) * belongs[:, scored]).sum(axis=0)
    inside, outside = inside[scored], outside[scored]
    return float(((ranks - inside * (inside + 1) / 2) / (inside * outside)).mean())


def drawn_area(
    probabilities: Floats, labels: NDArray[np.int64], classes: NDArray[np.int64]
) -> Callable[[Weights], float | None]:
    """Rank the samples once, and give `mean_area` for weights `(n,)`, how often each of them is drawn.

    The arguments are those of `mean_area`.
    """
    places = np.stack([np.unique(column, return_inverse=True)[1] for column in probabilities.T])
    belongs = labels == classes[:, None]
    width = int(places.max()) + 1
    flat = (places + width * np.arange(len(classes))[:, None]).ravel()

    def area(weights: Weights) -> float | None:
        at_place = np.bincount(flat, np.tile(weights, len(classes)), width * len(classes)).reshape(-1, width)
        rank = np.cumsum(at_place, axis=1) - (at_place - 1) / 2  # those that tie share the middle one
        drawn = belongs * weights
        inside = drawn.sum(axis=1)
        outside = weights.sum() - inside
        scored = (inside > 0) & (outside > 0)
        if not scored.any():
            return None
        ranks = (np.take_along_axis(rank, places, axis=1) * drawn).sum(axis=1)[scored]
        inside, outside = inside[scored], outside[scored]
        return float(((ranks - inside * (inside + 1) / 2) / (inside * outside)).mean())

    return area
