"""Predict factors from codes with any learner: how well, and from which codes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.metrics.encoding import numeric_columns
from disentangle_bench.metrics.inputs import Observations
from disentangle_bench.metrics.resampling import Weights, held_out_means
from disentangle_bench.representation.kinds import is_whole

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Fitted:
    """A fitted model: the importance of each column `(p,)`, and a function that predicts samples `(n, p)`."""

    importances: Floats
    predict: Callable[[Floats], NDArray[Any]]


class Learner(Protocol):
    """Fits targets of the samples `(n, p)` that it was made with."""

    def fit_classes(self, labels: Indices) -> Fitted:
        """Fit class indices `(n,)` from 0, two or more, each of them in use."""
        ...

    def fit_numbers(self, target: Floats) -> Fitted:
        """Fit numbers `(n,)` that are not all the same."""
        ...


@dataclass(frozen=True)
class Prediction:
    """How well a factor was predicted.

    Attributes:
        importances: `(d,)` importance of each code; all 0 where nothing could be learned.
        train, test: accuracy of classes, or R² of numbers, on the train rows and on the held-out rows.
        by_class: which of the two.
        held_out: weights `(m,)`, how often each held-out row is drawn -> `test` of that draw.
    """

    importances: Floats
    train: float
    test: float
    by_class: bool
    held_out: Callable[[Weights], float]


@dataclass(frozen=True)
class Target:
    """A factor to predict: classes `(n,)`, or columns of numbers `(n, q)`."""

    values: NDArray[Any]
    by_class: bool

    @classmethod
    def of(cls, data: Observations, name: str) -> Self:
        """Return classes for categorical, ordinal and whole-numbered cyclic factors, numbers for all others."""
        variable = data.factors.select([name])
        values, kind = variable.values[:, 0], variable.kinds[0]
        if kind in ("categorical", "ordinal") or (kind == "cyclic" and is_whole(values)):
            return cls(values, True)
        return cls.numbers(data, name)

    @classmethod
    def numbers(cls, data: Observations, name: str) -> Self:
        """Return the values of a factor as numbers whatever its kind, cosine and sine for a cyclic one."""
        variable = data.factors.select([name])
        if variable.kinds[0] == "cyclic":
            return cls(numeric_columns(variable).values, False)
        return cls(np.asarray(variable.values, dtype=np.float64), False)


def predict_factors(data: Observations, make: Callable[[Floats], Learner]) -> dict[str, Prediction]:
    """Predict each factor.

    Args:
        data: codes, factors and which rows to fit on.
        make: the codes' columns `(n, p)` on the train rows -> a learner.
    """
    columns = numeric_columns(data.codes)
    learner = make(columns.values[data.train])
    predictions = {}
    for name in data.factors.names:
        target = Target.of(data, name)
        predict = _predict_classes if target.by_class else _predict_numbers
        found = predict(learner, columns.values, target.values, data.train)
        predictions[name] = replace(found, importances=columns.total(found.importances))
    return predictions


def _predict_classes(learner: Learner, columns: Floats, values: NDArray[Any], train: NDArray[np.bool_]) -> Prediction:
    names, labels = np.unique(values[train], return_inverse=True)
    if len(names) == 1:  # the factor varies on held-out rows only
        importances, predicted = np.zeros(columns.shape[1]), names[0]
    else:
        fitted = learner.fit_classes(labels)
        importances, predicted = fitted.importances, names[fitted.predict(columns)]
    right = predicted == values
    means = held_out_means(right[~train])
    return Prediction(
        importances,
        float(right[train].mean()),
        float(right[~train].mean()),
        True,
        lambda weights: float(means(weights)),
    )


def _predict_numbers(learner: Learner, columns: Floats, values: Floats, train: NDArray[np.bool_]) -> Prediction:
    """Predict each column of numbers on its own; importances are weighted by the variances of the columns."""
    spread = values[train].var(axis=0)
    importances, predicted = np.zeros(columns.shape[1]), np.repeat(values[train].mean(axis=0)[None], len(values), 0)
    for place in np.flatnonzero(spread > 0):
        fitted = learner.fit_numbers(values[train, place])
        importances += fitted.importances * spread[place] / spread.sum()
        predicted[:, place] = fitted.predict(columns)
    held_out = values[~train], predicted[~train]

    def drawn(weights: Weights) -> float:
        rows = np.repeat(np.arange(len(weights)), weights)
        return _r2(held_out[0][rows], held_out[1][rows])

    return Prediction(importances, _r2(values[train], predicted[train]), _r2(*held_out), False, drawn)


def _r2(values: Floats, predicted: Floats) -> float:
    """R² over all columns together; for values that do not vary, 1 if predicted exactly and 0 otherwise."""
    error = float(((values - predicted) ** 2).sum())
    spread = float(((values - values.mean(axis=0)) ** 2).sum())
    return 1 - error / spread if spread > 0 else float(error == 0)
