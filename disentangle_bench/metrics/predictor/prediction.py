"""Factors predicted from codes by some learner: how well, and by which codes."""

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
    """What a learner has learned: the importance of each column `(p,)`, and how it predicts samples `(n, p)`."""

    importances: Floats
    predict: Callable[[Floats], NDArray[Any]]


class Learner(Protocol):
    """Learns targets from samples `(n, p)` that it was made with."""

    def fit_classes(self, labels: Indices) -> Fitted:
        """Learn class indices `(n,)`, each of them in use, two or more."""
        ...

    def fit_numbers(self, target: Floats) -> Fitted:
        """Learn numbers `(n,)`, which are not all the same."""
        ...


@dataclass(frozen=True)
class Prediction:
    """One factor as it was predicted.

    Attributes:
        importances: `(d,)` of the codes; all 0 where nothing could be learned.
        train, test: accuracy of classes, R² of numbers, on the rows that were fitted on and on the others.
        by_class: which of the two.
        held_out: `test` for weights `(m,)`, how often each row that was not fitted on is drawn.
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
    """Each factor by the learner that `make` gives for the codes' columns `(n, p)` on the train rows."""
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
    if len(names) == 1:  # it varies only where nothing may be learned
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
    """Each column of numbers for itself; their importances count by what each has to explain."""
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
    """R² over all columns together; of values that do not vary, 1 if they are met and 0 if not."""
    error = float(((values - predicted) ** 2).sum())
    spread = float(((values - values.mean(axis=0)) ** 2).sum())
    return 1 - error / spread if spread > 0 else float(error == 0)
