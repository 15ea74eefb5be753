"""Holm's correction of the p-values of a family of tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float]) -> list[float]:
    """Apply Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979).

    The chance of even one false difference among all of these is at most the level that the corrected p-values are
    held against, however the tests depend on each other.
    """
    order = np.argsort(p_values, kind="stable")
    count = len(p_values)
    stepped = np.asarray(p_values, dtype=np.float64)[order] * np.arange(count, 0, -1)
    corrected = np.empty(count)
    corrected[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return [float(p) for p in corrected]
