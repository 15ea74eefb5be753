"""Predict factors from codes with any learner: how well, and from which codes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.metrics.encoding import numeric_columns
from disentangle_bench.metrics.inputs import Observations
from disentangle_bench.metrics.resampling import Weights, held_out_means
from disentangle_bench.representation.kinds import is_whole
from disentangle_bench.schedule import Schedule

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Fitted:
    """A fitted model: the importance of each column `(p,)`, and a function that predicts samples `(n, p)`."""

    importances: Floats
    predict: Callable[[Floats], NDArray[Any]]


class Learner(Protocol):
    """Fits targets of the samples `(n, p)` that it was made with.

    Attributes:
        seconds: roughly what it takes to fit one class of a target, or one number; 0 to fit all targets in turn.
    """

    seconds: float

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

    @property
    def outputs(self) -> int:
        """How many classes, or columns of numbers."""
        return len(np.unique(self.values)) if self.by_class else self.values.shape[1]

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
    targets = {name: Target.of(data, name) for name in data.factors.names}
    largest_first = sorted(targets, key=lambda name: -targets[name].outputs)  # which spreads them evenly
    schedule = Schedule(learner.seconds * sum(target.outputs for target in targets.values()) / len(targets))
    fits = schedule.map(partial(_fit, learner, columns.values, data.train), [targets[name] for name in largest_first])
    found = dict(zip(largest_first, fits, strict=True))
    return {
        name: _judged(target, columns.total(found[name][0]), found[name][1], data.train)
        for name, target in targets.items()
    }


def _fit(learner: Learner, columns: Floats, train: NDArray[np.bool_], target: Target) -> tuple[Floats, NDArray[Any]]:
    """Return the importance of each column `(p,)`, and what is predicted of all samples."""
    values, importances = target.values, np.zeros(columns.shape[1])
    if target.by_class:
        names, labels = np.unique(values[train], return_inverse=True)
        if len(names) == 1:  # the factor varies on held-out rows only
            return importances, np.repeat(names, len(values))
        fitted = learner.fit_classes(labels)
        return fitted.importances, np.asarray(names[fitted.predict(columns)])
    spread = values[train].var(axis=0)
    predicted = np.repeat(values[train].mean(axis=0)[None], len(values), 0)
    for place in np.flatnonzero(spread > 0):  # each on its own; importances are weighted by the variances
        fitted = learner.fit_numbers(values[train, place])
        importances += fitted.importances * spread[place] / spread.sum()
        predicted[:, place] = fitted.predict(columns)
    return importances, predicted


def _judged(target: Target, importances: Floats, predicted: NDArray[Any], train: NDArray[np.bool_]) -> Prediction:
    if target.by_class:
        right = predicted == target.values
        means = held_out_means(right[~train])
        scores = float(right[train].mean()), float(right[~train].mean())
        return Prediction(importances, *scores, True, lambda weights: float(means(weights)))
    held_out = target.values[~train], predicted[~train]

    def drawn(weights: Weights) -> float:
        rows = np.repeat(np.arange(len(weights)), weights)
        return _r2(held_out[0][rows], held_out[1][rows])

    return Prediction(importances, _r2(target.values[train], predicted[train]), _r2(*held_out), False, drawn)


def _r2(values: Floats, predicted: Floats) -> float:
    """R² over all columns together; for values that do not vary, 1 if predicted exactly and 0 otherwise."""
    error = float(((values - predicted) ** 2).sum())
    spread = float(((values - values.mean(axis=0)) ** 2).sum())
    return 1 - error / spread if spread > 0 else float(error == 0)
