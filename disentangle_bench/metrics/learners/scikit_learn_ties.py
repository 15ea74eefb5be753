"""How scikit-learn's trees choose between splits that are equal up to rounding: the order of columns, and of summation.

Why it exists: DCI's importances of near-copies of a code depend on these choices, and two programs that break ties
differently cannot be compared. See `boosting` for why the trees are not scikit-learn's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingRegressor

try:
    from sklearn.utils._sorting import _py_simultaneous_sort as _sort  # since 1.9
except ImportError:
    _sort = None

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

PURE = float(np.finfo(np.float64).eps)
WORDS = 2**31 - 1
_BITS = 2**32 - 1
_FRIEDMAN = GradientBoostingRegressor().criterion == "friedman_mse"  # until 1.8; the two differ in rounding only
CRITERION = "friedman_mse" if _FRIEDMAN else "squared_error"


class UndecidedError(Exception):
    """A tie depends on the order in which scikit-learn's sorting leaves equal values."""


class ColumnDraws:
    """The order in which the nodes of a tree try columns; the first of equals is taken.

    Columns are drawn without replacement by a xorshift generator (Marsaglia 2003). A column that is constant in a node
    is not tried below it. Both the permutation and the generator carry over from node to node.

    Args:
        columns: number of columns.
        word: 31 bits to start the generator from.
    """

    def __init__(self, columns: int, word: int) -> None:
        self._word = word or 1
        self._permutation = list(range(columns))
        self._constants = list(range(columns))

    def draw(self, constant: Sequence[bool], known: int) -> tuple[list[int], int]:
        """Return the columns by which a node is sorted, in order, and how many are known to be constant after that.

        Args:
            constant: for each column, whether it is constant in the node.
            known: how many columns were found to be constant further up.
        """
        columns, skipped, found, rest = self._permutation, 0, 0, len(self._permutation)
        tried, word = [], self._word
        while rest > known + found:
            word ^= (word << 13) & _BITS
            word ^= word >> 17
            word ^= (word << 5) & _BITS
            place = skipped + (word & WORDS) % (rest - found - skipped)
            if place < known:
                there, skipped = skipped, skipped + 1
            else:
                place += found
                tried.append(columns[place])
                if constant[columns[place]]:
                    there, found = known + found, found + 1
                else:
                    there = rest = rest - 1
            columns[there], columns[place] = columns[place], columns[there]
        self._word = word
        columns[:known] = self._constants[:known]
        self._constants[known : known + found] = columns[known : known + found]
        return tried, known + found


def arrange(values: NDArray[np.float32], samples: Indices) -> Indices:
    """Sort samples `(m,)` by their values, equal ones as scikit-learn leaves them.

    Args:
        values: of all samples of the tree.
        samples: of a node, in the order in which scikit-learn has them.

    Raises:
        UndecidedError: this version of scikit-learn does not lend its sorting.
    """
    if _sort is None:
        raise UndecidedError
    arranged = samples.astype(np.intp)
    _sort(values.take(arranged), arranged, len(arranged), use_three_way_partition=True)
    return arranged


def divide(samples: Indices, left: NDArray[np.bool_]) -> tuple[Indices, Indices]:
    """Divide a node's samples `(m,)` between its children, in scikit-learn's order.

    From the front on, each sample that goes right is swapped with the last one that has not been looked at, until the
    sample swapped in goes left.

    Args:
        samples: `(m,)` samples of the node.
        left: `(m,)` which of them go left.
    """
    size = int(left.sum())
    front, back, back_left = samples[:size], samples[size:][::-1], left[size:][::-1]
    gaps, fillers = np.flatnonzero(~left[:size]), np.flatnonzero(back_left)
    first = front.copy()
    first[gaps] = back[fillers]
    second = np.empty_like(back)
    second[1:] = back[:-1]
    places, moved = np.append(0, fillers + 1), np.append(gaps, size)
    inside = places < len(back)
    second[places[inside]] = samples[moved[inside]]
    return first, second[::-1]


def running_sums(target: Floats) -> Floats:
    """Return the sums `(m,)` of the first 1, 2, ... of targets `(m,)`, each rounded."""
    return np.cumsum(target)


def adds_from_the_end(equal: NDArray[np.bool_], last: int) -> bool:
    """Return whether scikit-learn adds up some left child anew from the node's end, so that no running sum is its sum.

    It does so for a split that lies farther from the one before, across equal values, than from the end.

    Args:
        equal: `(m - 1,)` whether no split is possible behind each of a node's sorted samples.
        last: the last place that matters.
    """
    sizes = np.flatnonzero(~equal[: last + 1]) + 1
    return bool(np.any(np.diff(sizes, prepend=0) > len(equal) + 1 - sizes))


def first_best(left: Floats, total: float, below: Indices, size: int) -> int:
    """Return which of some splits of a node is taken: the first of the best.

    Args:
        left: `(s,)` sums of the left children, in the order in which the splits are tried.
        total: sum of the node.
        below: `(s,)` number of samples that go left.
        size: number of samples in the node.
    """
    right, above = total - left, size - below
    if _FRIEDMAN:
        difference = above * left - below * right
        return int(np.argmax(difference * difference / (below * above)))
    return int(np.argmax(left * left / below + right * right / above))


def is_worthless(impurity: float, children: Sequence[float], sizes: Sequence[int], samples: int) -> bool:
    """Return whether a node stays a leaf because the gain of its best split is rounded to less than nothing.

    Args:
        impurity: variance of the targets in the node.
        children: variances in its children.
        sizes: number of samples in its children.
        samples: number of samples in the tree.
    """
    (left, right), size = children, sum(sizes)
    gain = (size / samples) * (impurity - (sizes[1] / size * right) - (sizes[0] / size * left))
    return not _FRIEDMAN and gain + PURE < 0


class Sums(NamedTuple):
    """Sums of a node's targets and of their squares, which decide whether the targets are all the same."""

    total: float
    squares: float

    @classmethod
    def of(cls, target: Floats) -> Self:
        """Sum targets `(m,)` in the order of the node's samples."""
        return cls(float(running_sums(target)[-1]), float(running_sums(target * target)[-1]))

    def variance(self, size: int) -> float:
        return self.squares / size - (self.total / size) ** 2

    def split(self, left: Floats, right: Floats) -> tuple[Sums, Sums]:
        """Return the sums of both children.

        As in scikit-learn, targets are added up from the nearer end, and the other child has the rest.
        """
        squares = float(running_sums(left * left)[-1])
        if len(left) <= len(right):
            total = float(running_sums(left)[-1])
        else:
            total = float(np.subtract.accumulate(np.append(self.total, right[::-1]))[-1])
        return Sums(total, squares), Sums(self.total - total, self.squares - squares)
