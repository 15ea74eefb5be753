"""Columns that are sorted once for all nodes of all trees, and the best splits of a node found from their order.

Why not scikit-learn: its trees sort the samples of every node anew. See `boosting` for what that costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Values = NDArray[np.float32]

_CLOSE = np.float32(1e-7)
_RARE = 0.01


def close(below: Values, above: Values) -> NDArray[np.bool_]:
    """Return whether values are so near to the next ones that scikit-learn puts no threshold between them."""
    return np.asarray(above <= below + _CLOSE)


@dataclass(frozen=True)
class Sorted:
    """Columns and the order of their values, shared by all trees of all targets.

    Attributes:
        columns: `(p, n)` values.
        order: `(p, n)` samples by rising value of each column.
        discrete: the columns with many equal values.
    """

    columns: Values
    order: Indices
    discrete: Indices

    @classmethod
    def of(cls, values: Floats) -> Self:
        """Sort samples `(n, p)` by each column."""
        columns = np.ascontiguousarray(values.T, dtype=np.float32)
        order = np.argsort(columns, axis=1, kind="stable")
        ranked = np.take_along_axis(columns, order, axis=1)
        share = close(ranked[:, :-1], ranked[:, 1:]).mean(axis=1)
        return cls(columns, order, np.flatnonzero(share > _RARE))

    def ranked(self, order: Indices, column: int) -> Values:
        """Return the rising values `(m,)` of a column in a node with samples `(p, m)`."""
        ranked: Values = self.columns[column].take(order[column])
        return ranked

    def constant(self, order: Indices) -> list[bool]:
        """Return which columns are constant in a node."""
        every = np.arange(len(order))
        return list(close(self.columns[every, order[:, 0]], self.columns[every, order[:, -1]]).tolist())

    def gains(self, order: Indices, target: Floats) -> Floats:
        """Return what a split behind each of a node's samples `(p, m)` takes off the squared error: `(p, m - 1)`."""
        size = order.shape[1]
        gains = target.take(order)
        np.cumsum(gains, axis=1, out=gains)
        left = np.arange(1, size)
        total, gains = gains[0, -1], gains[:, :-1]
        gains -= total * left / size
        np.multiply(gains, gains, out=gains)
        gains *= size / (left * (size - left))
        for column in self.discrete:  # in the others the best place is seldom an invalid one
            ranked = self.ranked(order, column)
            gains[column, close(ranked[:-1], ranked[1:])] = -1
        return gains

    def best(self, order: Indices, gains: Floats, slack: float) -> tuple[Indices, Indices]:
        """Return columns and places `(s,)` of the best split and of those within `slack` of it."""
        every = np.arange(len(order))
        while True:
            place = gains.argmax(axis=1)
            best = gains[every, place]
            invalid = (best >= 0) & ~self._separates(order, every, place)
            if not invalid.any():
                break
            gains[every[invalid], place[invalid]] = -1
        least = max(float(best.max()) - slack, 0.0)
        near = np.flatnonzero(best >= least)
        if len(near) == 0:
            return near, near
        at, places = np.nonzero(gains[near] >= least)
        if len(at) == 1:  # the best one, of which it is known that it separates
            return near, places
        columns = near[at]
        valid = self._separates(order, columns, places)
        return columns[valid], places[valid]

    def _separates(self, order: Indices, columns: Indices, places: Indices) -> NDArray[np.bool_]:
        below, above = (self.columns[columns, order[columns, places + step]] for step in (0, 1))
        return ~close(below, above)
