"""Disentanglement and completeness of a matrix of importances: how far each row is spent on one column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

Floats = NDArray[np.float64]


def concentration(importances: Floats) -> Floats:
    """How far each row `(r,)` of importances `(r, c)` lies on one column: 1 minus its entropy over that of an even row.

    A row of zeros has none: NaN. So has every row where there is one column, since that is both one and all.
    """
    importances = np.abs(np.asarray(importances, dtype=np.float64))
    totals = importances.sum(axis=1, keepdims=True)
    if importances.shape[1] < 2:
        return np.full(len(importances), np.nan)
    shares = np.divide(importances, totals, out=np.full_like(importances, np.nan), where=totals > 0)
    return np.asarray(1 - entr(shares).sum(axis=1) / np.log(importances.shape[1]))


def weighted_concentration(importances: Floats) -> float | None:
    """The mean concentration of the rows, each weighted by its sum; None where no row has one."""
    rows = concentration(importances)
    weights = np.abs(importances).sum(axis=1)
    known = np.isfinite(rows)
    if not known.any():
        return None
    return float(np.clip(np.average(rows[known], weights=weights[known]), 0, 1))


def disentanglement(importances: Floats) -> float | None:
    """D of Eastwood and Williams (2018): whether each code `(row)` matters to one factor `(column)` only.

    Args:
        importances: `(d, k)`, of each code for each factor; their signs do not count.

    Returns:
        `sum_i rho_i D_i`, with `rho_i` the share of the row in the matrix; None with one factor, or if all are 0.
    """
    return weighted_concentration(importances)


def completeness(importances: Floats) -> float | None:
    """C of Eastwood and Williams (2018): whether each factor `(column)` is held by one code `(row)` only.

    Args:
        importances: `(d, k)`, of each code for each factor; their signs do not count.

    Returns:
        `sum_j rho_j C_j`, with `rho_j` the share of the column in the matrix; None with one code, or if all are 0.
    """
    return weighted_concentration(importances.T)
