"""Regression trees: the trees of scikit-learn, split by split, grown from columns that are sorted once.

Why not scikit-learn: its trees sort the samples of every node anew. See `boosting` for what that costs. In most nodes
one split is better than all others, however it is computed. Where several are equal up to rounding, `scikit_learn_ties`
decides which of them scikit-learn takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.metrics.learners.scikit_learn_ties import (
    PURE,
    ColumnDraws,
    Sums,
    UndecidedError,
    adds_from_the_end,
    arrange,
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
        samples: gives the samples `(m,)` in the order in which scikit-learn has them, which few nodes need; None where
            it is unknown.
        constants: how many columns were found to be constant further up.
        impurity: variance of its targets.
        exact: whether the impurity is rounded as by scikit-learn.
    """

    order: Indices
    samples: Callable[[], Indices | None]
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

    A tree with a tie that equal values hide is grown once more, from orders and impurities as scikit-learn rounds them.

    Raises:
        UndecidedError: there is such a tie beside a long run of equal values, or this version of scikit-learn does not
            lend its sorting.
    """
    try:
        return _Grower(data, target, word, values=values, exact=False).grown()
    except UndecidedError:
        return _Grower(data, target, word, values=values, exact=True).grown()


class _Grower:
    def __init__(self, data: Sorted, target: Floats, word: int, *, values: bool, exact: bool) -> None:
        self.data, self.target, self.values, self.exact = data, target, values, exact
        self.draws = ColumnDraws(len(data.columns), word)
        self.column: list[int] = []
        self.threshold: list[float] = []
        self.children: list[tuple[int, int]] = []
        self.value: list[float] = []
        self.gains = np.zeros(len(data.columns))
        self.leaves = np.zeros(len(target), dtype=np.int64)

    def grown(self) -> Grown:
        count = len(self.target)
        self.add(Node(self.data.order, lambda: np.arange(count), 0, Sums.of(self.target).variance(count), True), DEPTH)
        tree = Tree(np.array(self.column), np.array(self.threshold), np.array(self.children), np.array(self.value))
        return Grown(tree, self.gains / count * count if self.exact else self.gains, self.leaves)

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
                self.value[here] = self._total(node) / node.order.shape[1]
            return here
        self.column[here], self.threshold[here] = split.column, split.threshold
        self.gains[split.column] += _gain(node, *children) if self.exact else split.gain
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
        left, turn = np.empty(len(columns)), np.empty(len(columns), dtype=np.int64)
        for column in np.flatnonzero(np.bincount(columns)).tolist():
            ranked, mine = self.data.ranked(node.order, column), columns == column
            equal = close(ranked[:-1], ranked[1:])
            if equal.any() and (not self.exact or adds_from_the_end(equal, int(places[mine].max()))):
                raise UndecidedError
            turn[mine] = tried.index(column)
            samples = _known(self._arranged(node, tried[: tried.index(column) + 1]))
            left[mine] = running_sums(self.target.take(samples))[places[mine]]
        in_turn = np.lexsort((places, turn))
        return int(in_turn[first_best(left[in_turn], self._total(node), places[in_turn] + 1, node.order.shape[1])])

    def _total(self, node: Node) -> float:
        return float(running_sums(self.target.take(_known(node.samples())))[-1])

    def _children(self, node: Node, split: Split, *, leaves: bool) -> list[Node] | None:
        """Return both children, which need no more splitting if they are leaves; None if the split gains nothing."""
        chosen, size = node.order[split.column], split.place + 1
        goes_left = np.zeros(len(self.target), dtype=bool)
        goes_left[chosen[:size]] = True
        divided = cache(lambda: self._divided(node, split.tried, goes_left))
        samples = (lambda: divided()[0], lambda: divided()[1])
        orders = [chosen[None, :size], chosen[None, size:]]
        if not leaves:
            mask = goes_left.take(node.order)
            places = (np.flatnonzero(mask), np.flatnonzero(~mask))  # taking is quicker than indexing by a mask
            orders = [node.order.take(part).reshape(len(mask), -1) for part in places]
        exactly = self.exact or split.slight
        plain = leaves and not exactly
        impurities, exact = ([0.0, 0.0], False) if plain else self._impurities(node, orders, samples, exactly)
        sizes = (size, len(chosen) - size)
        if split.slight and is_worthless(node.impurity, impurities, sizes, len(self.target)):
            return None
        parts = zip(orders, samples, impurities, strict=True)
        return [Node(order, inside, split.constants, impurity, exact) for order, inside, impurity in parts]

    def _divided(
        self, node: Node, tried: list[int], goes_left: NDArray[np.bool_]
    ) -> tuple[Indices | None, Indices | None]:
        arranged = self._arranged(node, tried)
        return (None, None) if arranged is None else divide(arranged, goes_left.take(arranged))

    def _arranged(self, node: Node, tried: list[int]) -> Indices | None:
        """Return a node's samples `(m,)` after sorting by some columns in turn; None where ties hide their order."""
        for turn in reversed(range(len(tried))):
            ranked = self.data.ranked(node.order, tried[turn])
            if ranked[0] != ranked[-1]:
                if not (ranked[1:] == ranked[:-1]).any():
                    arranged: Indices = node.order[tried[turn]]
                    return arranged
                before = self._arranged(node, tried[:turn]) if self.exact else None
                return None if before is None else arrange(self.data.columns[tried[turn]], before)
        return node.samples()

    def _impurities(
        self, node: Node, orders: list[Indices], samples: Sequence[Callable[[], Indices | None]], exact: bool
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
        if exact and not node.exact:
            raise UndecidedError
        whole, left, right = (self.target.take(_known(of())) for of in (node.samples, *samples))
        sums = list(Sums.of(whole).split(left, right))
        return [of.variance(size) for of, size in zip(sums, sizes, strict=True)], True


def _known(samples: Indices | None) -> Indices:
    if samples is None:
        raise UndecidedError
    return samples


def _gain(node: Node, left: Node, right: Node) -> float:
    """Return what a split takes off the squared error, rounded as by scikit-learn."""
    whole, first, second = (float(of.order.shape[1] * of.impurity) for of in (node, left, right))
    return whole - first - second
