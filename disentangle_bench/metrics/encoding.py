"""Encode variables of any kind as the numeric columns that learners and distances need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.metrics.conditioning import Conditioning
from disentangle_bench.representation.variables import Variables


@dataclass(frozen=True, eq=False)
class Columns:
    """Numeric columns of `d` variables.

    Attributes:
        values: `(n, p)` float64.
        owner: `(p,)` index of the variable that each column encodes, in ascending order.
        variables: d, the number of variables.
    """

    values: NDArray[np.float64]
    owner: NDArray[np.int64]
    variables: int

    def total(self, per_column: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum values of columns `(..., p)`, such as importances, to values of variables `(..., d)`."""
        starts = np.searchsorted(self.owner, np.arange(self.variables))
        return np.add.reduceat(np.asarray(per_column, dtype=np.float64), starts, axis=-1)

    def of(self, variable: int) -> NDArray[np.float64]:
        """Return the columns `(n, q)` of one variable."""
        return self.values[:, slice(*np.searchsorted(self.owner, (variable, variable + 1)))]


def numeric_columns(variables: Variables) -> Columns:
    """Encode variables `(n, d)`: numbers as they are, categories as indicators, angles as cosine and sine.

    So a categorical code of ten categories is one variable with ten columns, and its importance is their sum; and so is
    that of a code of several columns.
    """
    parts = [
        _columns_of(variables.block(place), kind, period)
        for place, (kind, period) in enumerate(zip(variables.kinds, variables.periods, strict=True))
    ]
    owner = np.repeat(np.arange(len(parts)), [part.shape[1] for part in parts])
    return Columns(np.concatenate(parts, axis=1), owner, len(parts))


def columns_of(variables: Variables) -> int:
    """Return how many columns `numeric_columns` would make, without making them."""
    if variables.widths:
        return sum(variables.widths)
    if "categorical" not in variables.kinds:
        return len(variables.names) + len(variables.of_kind("cyclic"))
    return sum(
        1 + (kind == "cyclic") if kind != "categorical" or of.values is None else len(of.values)
        for kind, of in zip(variables.kinds, variables.summaries, strict=True)
    )


def standardized(values: NDArray[np.float64], like: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Shift and scale columns `(n, p)` to mean 0 and variance 1; constant ones are only shifted.

    Args:
        values: the columns.
        like: `(m, p)` rows whose means and variances are used; by default all.
    """
    condition = Conditioning.of(values if like is None else like)
    values, like = condition(values), condition(values if like is None else like)
    deviation = like.std(axis=0)
    return np.asarray((values - like.mean(axis=0)) / np.where(deviation > 0, deviation, 1))


def _columns_of(values: NDArray[np.generic], kind: str, period: float) -> NDArray[np.float64]:
    if kind == "categorical":
        return np.asarray(values == np.unique(values), dtype=np.float64)
    numbers = np.asarray(values, dtype=np.float64)
    if kind == "cyclic":
        angles = 2 * np.pi * numbers / period
        return np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    return numbers
