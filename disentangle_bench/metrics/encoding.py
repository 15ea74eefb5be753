"""Variables of any kind as the numeric columns that learners and distances need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.representation.variables import Variables


@dataclass(frozen=True, eq=False)
class Columns:
    """Numbers `(n, p)`, and which variable each of the `p` columns speaks for.

    Attributes:
        values: `(n, p)` float64.
        owner: `(p,)` int: the place of each column's variable.
        variables: d, how many variables there are.
    """

    values: NDArray[np.float64]
    owner: NDArray[np.int64]
    variables: int

    def total(self, per_column: NDArray[np.float64]) -> NDArray[np.float64]:
        """Figures of columns `(..., p)`, such as importances, summed to figures of variables `(..., d)`."""
        belongs = self.owner[:, None] == np.arange(self.variables)
        return np.asarray(per_column @ belongs, dtype=np.float64)

    def of(self, variable: int) -> NDArray[np.float64]:
        """The columns `(n, q)` of one variable."""
        return self.values[:, self.owner == variable]


def numeric_columns(variables: Variables) -> Columns:
    """One column for an ordinal or continuous variable, an indicator a category, cosine and sine of a cyclic one.

    So a categorical code of ten categories is one variable with ten columns, and its importance is their sum.
    """
    parts = [
        _columns_of(variables.values[:, place], kind, period)
        for place, (kind, period) in enumerate(zip(variables.kinds, variables.periods, strict=True))
    ]
    owner = np.repeat(np.arange(len(parts)), [part.shape[1] for part in parts])
    return Columns(np.concatenate(parts, axis=1), owner, len(parts))


def _columns_of(values: NDArray[np.generic], kind: str, period: float) -> NDArray[np.float64]:
    if kind == "categorical":
        return np.asarray(values[:, None] == np.unique(values), dtype=np.float64)
    numbers = np.asarray(values, dtype=np.float64)
    if kind == "cyclic":
        angles = 2 * np.pi * numbers / period
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return numbers[:, None]
