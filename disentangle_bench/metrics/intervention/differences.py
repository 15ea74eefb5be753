"""How far the codes of pairs lie apart that agree in one factor, and which factor a classifier makes of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from disentangle_bench.metrics.dispersion import Column
from disentangle_bench.metrics.intervention.interventions import Interventions, Pairs, check_counts
from disentangle_bench.metrics.metric import Score

_ITERATIONS = 10_000  # until it converges; scikit-learn's 100, which the public code has, often do not suffice


def classify_differences(data: Interventions, points: tuple[int, int], *, batch_size: int, seed: int) -> Score:
    """The accuracy of a linear classifier that names the fixed factor.

    Args:
        data: what trials are drawn from.
        points: how many trials to learn from, and how many to score.
        batch_size: pairs a trial.
        seed: of the trials.
    """
    check_counts(batch_size=batch_size, train_points=points[0], test_points=points[1])
    columns = Column.all_of(data.codes)
    rng = np.random.default_rng(seed)
    train = data.train.pairs(points[0], batch_size, rng)
    test = data.test.pairs(points[1], batch_size, rng)
    train_guesses, test_guesses = _guesses(_points(columns, train), train.fixed, _points(columns, test))
    right = test_guesses == test.fixed
    of_factor = test.fixed[:, None] == np.arange(len(data.factors))
    details = data.details() | {
        "codes": list(data.codes.names),
        "train_accuracy": float((train_guesses == train.fixed).mean()),
        "recall": ((right[:, None] & of_factor).sum(axis=0) / np.maximum(of_factor.sum(axis=0), 1)).tolist(),
    }
    return Score(float(right.mean()), details=details)


def _points(columns: list[Column], pairs: Pairs) -> NDArray[np.float64]:
    """The mean distance `(t, d)` of the pairs of each trial, in each code."""
    return np.stack([column.distances(pairs.first, pairs.second).mean(axis=1) for column in columns], axis=1)


def _guesses(
    points: NDArray[np.float64], fixed: NDArray[np.int64], told: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What a logistic regression that has learned from `points` says of them and of those to be told."""
    if (fixed == fixed[0]).all():  # of a handful of trials
        return fixed, np.full(len(told), fixed[0])
    model = LogisticRegression(max_iter=_ITERATIONS).fit(points, fixed)
    return model.predict(points), model.predict(told)
