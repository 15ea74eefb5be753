"""A linear classifier of the factor held fixed, from the distances between codes of pairs that agree in it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from disentangle_bench.metrics.conditioning import within_reach
from disentangle_bench.metrics.dispersion import Column
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.metrics.intervention.interventions import Interventions, Pairs, Split
from disentangle_bench.metrics.metric import Score, with_resampling

_ITERATIONS = 10_000  # enough to converge; scikit-learn's default of 100, used by the public code, often is not


def classify_differences(data: Interventions, points: tuple[int, int], *, batch_size: int, seed: int) -> Score:
    """Fit a linear classifier of the factor held fixed, and score it.

    Args:
        data: the rows that trials are drawn from.
        points: number of trials to fit on and to score.
        batch_size: pairs per trial.
        seed: of the trials.

    Returns:
        The accuracy.
    """
    require_at_least(2, batch_size=batch_size, train_points=points[0], test_points=points[1])
    columns = Column.all_of(data.codes)
    rng = np.random.default_rng(seed)
    train = data.train.pairs(points[0], batch_size, rng)
    test = data.test.pairs(points[1], batch_size, rng)
    train_points = _points(columns, train)
    predict = _fitted(train_points, train.fixed)
    right = predict(_points(columns, test)) == test.fixed
    of_factor = test.fixed[:, None] == np.arange(len(data.factors))
    details = data.details() | {
        "codes": list(data.codes.names),
        "train_accuracy": float((predict(train_points) == train.fixed).mean()),
        "recall": ((right[:, None] & of_factor).sum(axis=0) / np.maximum(of_factor.sum(axis=0), 1)).tolist(),
    }

    def accuracy(split: Split, rng: np.random.Generator) -> float:
        drawn = split.pairs(points[1], batch_size, rng)
        return float((predict(_points(columns, drawn)) == drawn.fixed).mean())

    return with_resampling(Score(float(right.mean()), details=details), ("",), data.test.resampling(accuracy))


def _points(columns: list[Column], pairs: Pairs) -> NDArray[np.float64]:
    """The mean distance `(t, d)` of the pairs of each trial, in each code."""
    return np.stack([column.distances(pairs.first, pairs.second).mean(axis=1) for column in columns], axis=1)


def _fitted(
    points: NDArray[np.float64], fixed: NDArray[np.int64]
) -> Callable[[NDArray[np.float64]], NDArray[np.int64]]:
    """The predictions of a logistic regression fitted on `points`."""
    if (fixed == fixed[0]).all():  # a handful of trials may draw only one factor
        return lambda unseen: np.full(len(unseen), fixed[0])
    scale = within_reach(points)
    model = LogisticRegression(max_iter=_ITERATIONS).fit(points * scale, fixed)
    return lambda unseen: np.asarray(model.predict(unseen * scale))
