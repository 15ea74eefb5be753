"""Bring columns of an unusual size or place to where learners can tell their values apart.

Trees read float32 and treat values closer than 1e-7 as equal, and squares of great numbers are infinite. An ordinary
column stays as it is, to the last bit; others are shifted and multiplied by a power of two in double precision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

ORDINARY = (1e-3, 1e6)
"""Standard deviations of an ordinary column."""
FAR = 100
"""How many deviations from 0 an ordinary column may lie."""
MOST = 1e30
"""Where outliers are cut off, so that they remain the greatest in single precision, too."""
HUGE = 2.0**40
FAR_EXPONENT = 200
"""Of numbers whose fourth powers a float cannot hold."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Conditioning:
    """How columns are shifted and scaled: `((x 2^first) - shift) 2^second`; `unusual (p,)` says which are."""

    unusual: NDArray[np.bool_]
    first: NDArray[np.int64]
    shift: Floats
    second: NDArray[np.int64]

    @classmethod
    def of(cls, values: Floats) -> Self:
        """Choose it for columns `(n, p)`."""
        with np.errstate(over="ignore", invalid="ignore"):
            spread, mean = values.std(axis=0), np.abs(values.mean(axis=0))
            ordinary = (spread >= ORDINARY[0]) & (spread <= ORDINARY[1]) & (mean <= FAR * spread)
        unusual = ~ordinary & (values != values[:1]).any(axis=0)
        columns = values[:, unusual]
        first = -np.frexp(np.abs(columns).max(axis=0))[1].astype(np.int64)
        columns = np.ldexp(columns, first)
        low, shift, high = np.quantile(columns, [0.25, 0.5, 0.75], axis=0, method="lower")
        reach = np.where(high > low, high - low, (columns - shift).std(axis=0))
        shift = np.where(np.abs(shift) > FAR * reach, shift, 0)
        second = -np.round(np.log2(reach)).astype(np.int64)
        return cls(unusual, first, shift, second)

    def __call__(self, values: Floats) -> Floats:
        """Shift and scale columns `(m, p)`."""
        if not self.unusual.any():
            return values
        conditioned = np.array(values)
        with np.errstate(over="ignore"):
            moved = np.ldexp(np.ldexp(values[:, self.unusual], self.first) - self.shift, self.second)
        conditioned[:, self.unusual] = np.clip(moved, -MOST, MOST)
        return conditioned


def common_exponent(values: Floats) -> int:
    """Return the power of two that brings the greatest of values `(n, d)` on one scale near 1; 0 for ordinary ones."""
    exponent = int(np.frexp(np.abs(values).max())[1])
    return -exponent if abs(exponent) > FAR_EXPONENT else 0


def within_reach(values: Floats) -> Floats:
    """Return the powers of two `(p,)` by which columns `(n, p)` beyond 1e12 come to lie below.

    For learners that penalize slopes: so far out the penalty is nothing already, so that a smaller scale is the same.
    """
    exponent = np.frexp(np.abs(values).max(axis=0))[1]
    return np.asarray(np.ldexp(1.0, np.minimum(np.frexp(HUGE)[1] - exponent, 0)))
