"""How scores go with scores over many models: rank correlations as a heat map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.reports.figures.heat_map import Panel, Scale, heat_map
from disentangle_bench.reports.figures.style import MINUS

FEWEST = 4
"""Models; of fewer, no rank correlation says anything."""


def spearman(values: ArrayLike) -> NDArray[np.float64]:
    """Rank correlations of columns, each pair over the rows where both are known.

    Args:
        values: `(n, m)`; NaN where a value is unknown.

    Returns:
        `(m, m)` in [-1, 1]; NaN where fewer than 4 rows are known or one of the two does not vary.
    """
    columns = np.asarray(values, dtype=np.float64).T
    found = np.full((len(columns), len(columns)), np.nan)
    for row, first in enumerate(columns):
        for column, second in enumerate(columns[: row + 1]):
            known = ~(np.isnan(first) | np.isnan(second))
            if known.sum() >= FEWEST:
                found[row, column] = found[column, row] = _correlation(first[known], second[known])
    return found


def _correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    one, other = scipy.stats.rankdata(first), scipy.stats.rankdata(second)
    one, other = one - one.mean(), other - other.mean()
    scale = np.sqrt((one @ one) * (other @ other))
    return float(one @ other / scale) if scale > 0 else float("nan")


def agreement_map(correlations: ArrayLike, rows: Sequence[str], columns: Sequence[str]) -> Figure:
    """Draw rank correlations.

    Args:
        correlations: `(rows, columns)` in [-1, 1]; NaN where there is none.
        rows: a name for each row.
        columns: a name for each column.
    """
    values = np.asarray(correlations, dtype=np.float64)
    texts = np.array([["" if np.isnan(of) else f"{of:z.2f}".replace("-", MINUS) for of in row] for row in values])
    scale = Scale("RdBu_r", -1, 1, "Spearman's rank correlation", [-1, -0.5, 0, 0.5, 1])
    return heat_map([Panel(values, texts)], rows, columns, scale)
