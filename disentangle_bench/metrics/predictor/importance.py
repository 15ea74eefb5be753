"""Disentanglement and completeness of a matrix of importances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

Floats = NDArray[np.float64]


def concentration(importances: Floats) -> Floats:
    """Return how concentrated each row of importances `(r, c)` is on one column: `(r,)` in [0, 1].

        concentration = 1 - H(row / sum of row) / ln c

    It is NaN for a row of zeros, and for every row where there is one column.
    """
    importances = np.abs(np.asarray(importances, dtype=np.float64))
    totals = importances.sum(axis=1, keepdims=True)
    if importances.shape[1] < 2:
        return np.full(len(importances), np.nan)
    shares = np.divide(importances, totals, out=np.full_like(importances, np.nan), where=totals > 0)
    return np.asarray(1 - entr(shares).sum(axis=1) / np.log(importances.shape[1]))


def weighted_concentration(importances: Floats) -> float | None:
    """Average the concentration of the rows, weighted by their sums; None where no row has one."""
    rows = concentration(importances)
    weights = np.abs(importances).sum(axis=1)
    known = np.isfinite(rows)
    if not known.any():
        return None
    return float(np.clip(np.average(rows[known], weights=weights[known]), 0, 1))


def disentanglement(importances: Floats) -> float | None:
    """D of Eastwood and Williams (2018): high when each code (row) matters to one factor (column) only.

        D = Σ_i rho_i D_i,    rho_i = share of row i in the matrix

    Args:
        importances: `(d, k)` of each code for each factor; signs are ignored.

    Returns:
        D in [0, 1]; None with one factor, or if all importances are 0.
    """
    return weighted_concentration(importances)


def completeness(importances: Floats) -> float | None:
    """C of Eastwood and Williams (2018): high when each factor (column) needs one code (row) only.

        C = Σ_j rho_j C_j,    rho_j = share of column j in the matrix

    Args:
        importances: `(d, k)` of each code for each factor; signs are ignored.

    Returns:
        C in [0, 1]; None with one code, or if all importances are 0.
    """
    return weighted_concentration(importances.T)
