"""How scikit-learn's trees choose between splits that are equal but for rounding: who comes first, and what sums up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingRegressor

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

PURE = float(np.finfo(np.float64).eps)
WORDS = 2**31 - 1
_BITS = 2**32 - 1
_FRIEDMAN = GradientBoostingRegressor().criterion == "friedman_mse"  # until 1.8; the two differ in rounding only
CRITERION = "friedman_mse" if _FRIEDMAN else "squared_error"


class UndecidedError(Exception):
    """A tie hangs on the order in which scikit-learn's sorting leaves equal values, which it alone knows."""


class ColumnDraws:
    """The order in which columns are tried in the nodes of a tree, of which the first of equals is taken.

    They are drawn without replacement by a xorshift generator (Marsaglia 2003). A column that is constant in a node is
    not tried below it. Both the permutation and the generator go on from node to node.

    Args:
        columns: how many there are.
        word: 31 bits that the generator starts from.
    """

    def __init__(self, columns: int, word: int) -> None:
        self._word = word or 1
        self._permutation = list(range(columns))
        self._constants = list(range(columns))

    def draw(self, constant: Sequence[bool], known: int) -> tuple[list[int], int]:
        """The columns that are sorted in a node, in order, and how many are known to be constant after that.

        Args:
            constant: of each column, whether its values in the node are all the same.
            known: how many columns were found to be constant further up.
        """
        columns, skipped, found, rest = self._permutation, 0, 0, len(self._permutation)
        tried = []
        while rest > known + found:
            place = skipped + self._below(rest - found - skipped)
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
        columns[:known] = self._constants[:known]
        self._constants[known : known + found] = columns[known : known + found]
        return tried, known + found

    def _below(self, bound: int) -> int:
        word = self._word
        word ^= (word << 13) & _BITS
        word ^= word >> 17
        word ^= (word << 5) & _BITS
        self._word = word
        return (word & WORDS) % bound


def divide(samples: Indices, left: NDArray[np.bool_]) -> tuple[Indices, Indices]:
    """A node's samples `(m,)`, of which some go left `(m,)`, as its children have them.

    From the front on, whoever goes right changes places with the last one that has not been looked at, until whoever
    comes in exchange goes left.
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
    """The sums `(m,)` of the first, the first two, ... of targets `(m,)`, each rounded."""
    return np.cumsum(target)


def first_best(left: Floats, total: float, below: Indices, size: int) -> int:
    """Which of some splits of a node is taken: the first of the best.

    Args:
        left: `(s,)` sums of what goes left, in the order in which the splits are tried.
        total: sum of the node.
        below: `(s,)` how many samples go left.
        size: how many samples there are.
    """
    right, above = total - left, size - below
    if _FRIEDMAN:
        difference = above * left - below * right
        return int(np.argmax(difference * difference / (below * above)))
    return int(np.argmax(left * left / below + right * right / above))


def is_worthless(impurity: float, children: Sequence[float], sizes: Sequence[int], samples: int) -> bool:
    """Whether a node stays a leaf since the impurity that its best split takes off it is rounded to less than nothing.

    Args:
        impurity: variance of the targets in the node.
        children: likewise in its children.
        sizes: how many samples the children have.
        samples: how many the tree has.
    """
    (left, right), size = children, sum(sizes)
    gain = (size / samples) * (impurity - (sizes[1] / size * right) - (sizes[0] / size * left))
    return not _FRIEDMAN and gain + PURE < 0


class Sums(NamedTuple):
    """Sums of a node's targets and of their squares, of which it is told whether they are all the same."""

    total: float
    squares: float

    @classmethod
    def of(cls, target: Floats) -> Self:
        """Of targets `(m,)` in the order of the node's samples."""
        return cls(float(running_sums(target)[-1]), float(running_sums(target * target)[-1]))

    def variance(self, size: int) -> float:
        return self.squares / size - (self.total / size) ** 2

    def split(self, left: Floats, right: Floats) -> tuple[Sums, Sums]:
        """Of both children, whose targets are added up from the end that is nearer; the other has the rest."""
        squares = float(running_sums(left * left)[-1])
        if len(left) <= len(right):
            total = float(running_sums(left)[-1])
        else:
            total = float(np.subtract.accumulate(np.append(self.total, right[::-1]))[-1])
        return Sums(total, squares), Sums(self.total - total, self.squares - squares)
