"""Regression trees: the trees of scikit-learn, split by split, grown from columns that are sorted once.

Why not scikit-learn: its trees sort the samples of every node anew. See `boosting` for what that costs. In most nodes
one split is better than all others, however it is computed. Where several are equal up to rounding, `scikit_learn_ties`
decides which of them scikit-learn takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.metrics.learners.scikit_learn_ties import (
    PURE,
    ColumnDraws,
    Sums,
    UndecidedError,
    divide,
    first_best,
    is_worthless,
    running_sums,
)
from disentangle_bench.metrics.learners.sorted_columns import Sorted, Values, close

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

DEPTH = 3
LEAF = -1
_ROUNDING = 1e-10


@dataclass(frozen=True)
class Tree:
    """A regression tree: the column and threshold of each node's split, its children and its value, root first.

    Column and children of a leaf are -1.
    """

    column: Indices
    threshold: Floats
    children: Indices
    value: Floats

    def predict(self, columns: Values) -> Floats:
        """Return values `(n,)` for samples given as columns `(p, n)`."""
        count = columns.shape[1]
        node, samples, flat = np.zeros(count, dtype=np.int64), np.arange(count), columns.ravel()
        children = np.where(self.column[:, None] == LEAF, np.arange(len(self.column))[:, None], self.children).ravel()
        for _ in range(DEPTH):
            right = flat.take(self.column.take(node) * count + samples) > self.threshold.take(node)
            node = children.take(2 * node + right)
        return self.value.take(node)


class Grown(NamedTuple):
    """A tree, the squared error that its splits by each column `(p,)` remove, and the leaf of each sample `(n,)`."""

    tree: Tree
    gains: Floats
    leaves: Indices


class Node(NamedTuple):
    """A node of a growing tree.

    Attributes:
        order: `(p, m)` samples by rising value of each column; in a leaf, of some column.
        samples: `(m,)` samples in the order in which scikit-learn has them; None where it is unknown.
        constants: how many columns were found to be constant further up.
        impurity: variance of its targets.
        exact: whether the impurity is rounded as by scikit-learn.
    """

    order: Indices
    samples: Indices | None
    constants: int
    impurity: float
    exact: bool


class Split(NamedTuple):
    """The split of a node: by which column, behind which of its samples, at which threshold, and its gain.

    Attributes:
        slight: whether the gain may be mere rounding.
        tried: the columns by which scikit-learn sorted the samples.
        constants: how many columns are known to be constant.
    """

    column: int
    place: int
    threshold: float
    gain: float
    slight: bool
    tried: list[int]
    constants: int


def grow(data: Sorted, target: Floats, word: int, *, values: bool) -> Grown:
    """Grow scikit-learn's tree on a target `(n,)`.

    Args:
        data: the samples, sorted.
        target: the numbers to predict.
        word: the word that scikit-learn's splitter draws from its `random_state`.
        values: whether to compute the values of leaves; else they are 0.

    Raises:
        UndecidedError: a tie depends on the order in which scikit-learn's sorting leaves equal values.
    """
    grower = _Grower(data, target, word, values)
    impurity = Sums.of(target).variance(len(target))
    grower.add(Node(data.order, np.arange(len(target)), 0, impurity, True), DEPTH)
    return grower.grown()


class _Grower:
    def __init__(self, data: Sorted, target: Floats, word: int, values: bool) -> None:
        self.data, self.target, self.values = data, target, values
        self.draws = ColumnDraws(len(data.columns), word)
        self.column: list[int] = []
        self.threshold: list[float] = []
        self.children: list[tuple[int, int]] = []
        self.value: list[float] = []
        self.gains = np.zeros(len(data.columns))
        self.leaves = np.zeros(len(target), dtype=np.int64)

    def grown(self) -> Grown:
        tree = Tree(np.array(self.column), np.array(self.threshold), np.array(self.children), np.array(self.value))
        return Grown(tree, self.gains, self.leaves)

    def add(self, node: Node, depth: int) -> int:
        """Add a node and all nodes below it, in scikit-learn's order, and return its index."""
        here = len(self.column)
        self.column.append(LEAF)
        self.threshold.append(0.0)
        self.children.append((LEAF, LEAF))
        self.value.append(0.0)
        split = self._split(node) if depth and node.order.shape[1] > 1 and node.impurity > PURE else None
        children = None if split is None else self._children(node, split, leaves=depth == 1)
        if split is None or children is None:
            self.leaves[node.order[0]] = here
            if self.values:
                if node.samples is None:
                    raise UndecidedError
                self.value[here] = float(running_sums(self.target.take(node.samples))[-1]) / len(node.samples)
            return here
        self.column[here], self.threshold[here] = split.column, split.threshold
        self.gains[split.column] += split.gain
        self.children[here] = (self.add(children[0], depth - 1), self.add(children[1], depth - 1))
        return here

    def _split(self, node: Node) -> Split | None:
        data, order = self.data, node.order
        tried, constants = self.draws.draw(data.constant(order), node.constants)
        gains = data.gains(order, self.target)
        target = self.target.take(order[0])
        slack = _ROUNDING * float(target @ target)
        columns, places = data.best(order, gains, slack)
        if len(columns) == 0:
            return None
        taken = 0 if len(columns) == 1 else self._taken(node, tried, columns, places)
        column, place = int(columns[taken]), int(places[taken])
        below, above = data.columns[column, order[column, place : place + 2]].tolist()
        gain = float(gains[column, place])
        return Split(column, place, below / 2 + above / 2, gain, gain <= slack, tried, constants)

    def _taken(self, node: Node, tried: list[int], columns: Indices, places: Indices) -> int:
        """Return which of some splits `(s,)` that are equal up to rounding scikit-learn takes."""
        if node.samples is None:
            raise UndecidedError
        left, turn = np.empty(len(columns)), np.empty(len(columns), dtype=np.int64)
        for column in np.unique(columns):
            ranked, mine = self.data.ranked(node.order, column), columns == column
            if close(ranked[:-1], ranked[1:]).any():
                raise UndecidedError
            left[mine] = running_sums(self.target.take(node.order[column]))[places[mine]]
            turn[mine] = tried.index(column)
        total = float(running_sums(self.target.take(node.samples))[-1])
        in_turn = np.lexsort((places, turn))
        return int(in_turn[first_best(left[in_turn], total, places[in_turn] + 1, len(node.samples))])

    def _children(self, node: Node, split: Split, *, leaves: bool) -> list[Node] | None:
        """Return both children, which need no more splitting if they are leaves; None if the split gains nothing."""
        chosen, size = node.order[split.column], split.place + 1
        goes_left = np.zeros(len(self.target), dtype=bool)
        goes_left[chosen[:size]] = True
        plain = leaves and not split.slight
        arranged = None if plain and not self.values else self._arranged(node, split.tried)
        samples = (None, None) if arranged is None else divide(arranged, goes_left.take(arranged))
        orders = [chosen[None, :size], chosen[None, size:]]
        if not leaves:
            mask = goes_left.take(node.order)
            places = (np.flatnonzero(mask), np.flatnonzero(~mask))  # taking is quicker than indexing by a mask
            orders = [node.order.take(part).reshape(len(mask), -1) for part in places]
        impurities, exact = ([0.0, 0.0], False) if plain else self._impurities(node, orders, samples, split.slight)
        sizes = (size, len(chosen) - size)
        if split.slight and is_worthless(node.impurity, impurities, sizes, len(self.target)):
            return None
        parts = zip(orders, samples, impurities, strict=True)
        return [Node(order, inside, split.constants, impurity, exact) for order, inside, impurity in parts]

    def _arranged(self, node: Node, tried: list[int]) -> Indices | None:
        """Return a node's samples `(m,)` after sorting by some columns in turn; None where ties hide their order."""
        for column in reversed(tried):
            ranked = self.data.ranked(node.order, column)
            if ranked[0] != ranked[-1]:
                return None if (ranked[1:] == ranked[:-1]).any() else node.order[column]
        return node.samples

    def _impurities(
        self, node: Node, orders: list[Indices], samples: tuple[Indices | None, Indices | None], exact: bool
    ) -> tuple[list[float], bool]:
        """Return the variances of the children's targets, and whether they are exact: on request, or close to 0."""
        parts = [self.target.take(order[0]) for order in orders]
        sizes = [len(part) for part in parts]
        sums = [Sums(float(part.sum()), float(part @ part)) for part in parts]
        impurities = [of.variance(size) for of, size in zip(sums, sizes, strict=True)]
        slack = _ROUNDING * (sums[0].squares + sums[1].squares)
        close_to_pure = (
            size > 1 and abs(impurity - PURE) <= slack / size for impurity, size in zip(impurities, sizes, strict=True)
        )
        if not exact and not any(close_to_pure):
            return impurities, False
        left, right = samples
        if (exact and not node.exact) or node.samples is None or left is None or right is None:
            raise UndecidedError
        whole = Sums.of(self.target.take(node.samples))
        sums = list(whole.split(self.target.take(left), self.target.take(right)))
        return [of.variance(size) for of, size in zip(sums, sizes, strict=True)], True
