"""Gradient boosted trees of scikit-learn's defaults, from columns that are sorted once instead of in every node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.seeds import derive_seed

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

STAGES, LEARNING_RATE, DEPTH = 100, 0.1, 3
_CLOSE = np.float32(1e-7)  # scikit-learn puts no threshold between values that are closer
_PURE = float(np.finfo(np.float64).eps)
_TINY = 1e-150
_LEAF = -1
_RARE = 0.01
_ROUNDING = 1e-10


@dataclass(frozen=True)
class Tree:
    """A regression tree: for each node, root first, the column and threshold of its split, its children, its value.

    Of a leaf the column and the children are -1.
    """

    column: Indices
    threshold: Floats
    children: Indices
    value: Floats

    def predict(self, columns: NDArray[np.float32]) -> Floats:
        """Values `(n,)` of samples that are given column by column `(p, n)`."""
        node = np.zeros(columns.shape[1], dtype=np.int64)
        samples = np.arange(columns.shape[1])
        for _ in range(DEPTH):
            column = self.column[node]
            right = columns[column, samples] > self.threshold[node]
            node = np.where(column == _LEAF, node, self.children[node, right.astype(np.int64)])
        return self.value[node]


@dataclass(frozen=True)
class Boosted:
    """A fitted model.

    Attributes:
        start: `(m,)` raw predictions before any tree: one a class, or one for two classes or a number.
        trees: stage by stage, `m` in each.
        importances: `(p,)` of the columns: their share of what all splits took off the squared error; 0 without splits.
    """

    start: Floats
    trees: tuple[tuple[Tree, ...], ...]
    importances: Floats

    def raw(self, values: Floats) -> Floats:
        """Raw predictions `(n, m)` of samples `(n, p)`."""
        columns = np.ascontiguousarray(values.T, dtype=np.float32)
        total = np.repeat(self.start[:, None], len(values), axis=1)
        for stage in self.trees:
            for place, tree in enumerate(stage):
                total[place] += LEARNING_RATE * tree.predict(columns)
        return total.T

    def classes(self, values: Floats) -> Indices:
        """The predicted class `(n,)` of samples `(n, p)`."""
        raw = self.raw(values)
        return np.asarray(raw.argmax(axis=1) if raw.shape[1] > 1 else raw[:, 0] >= 0, dtype=np.int64)


class _Split(NamedTuple):
    column: int
    place: int
    threshold: float
    gain: float


@dataclass(frozen=True)
class Sorted:
    """Columns and the order of their values, which all trees of all targets share.

    Attributes:
        columns: `(p, n)`.
        order: `(p, n)`: the samples by rising value of each column.
        discrete: the columns of which many values are equal.
    """

    columns: NDArray[np.float32]
    order: Indices
    discrete: Indices

    @classmethod
    def of(cls, values: Floats) -> Self:
        """Sort samples `(n, p)`."""
        columns = np.ascontiguousarray(values.T, dtype=np.float32)
        order = np.argsort(columns, axis=1, kind="stable")
        ranked = np.take_along_axis(columns, order, axis=1)
        close = (ranked[:, 1:] <= ranked[:, :-1] + _CLOSE).mean(axis=1)
        return cls(columns, order, np.flatnonzero(close > _RARE))

    def best_split(self, order: Indices, target: Floats, rng: np.random.Generator) -> _Split | None:
        """The split of a node's samples `(p, m)` that takes most off the squared error; among equals one is drawn."""
        size = order.shape[1]
        gains = target.take(order)
        np.cumsum(gains, axis=1, out=gains)
        left = np.arange(1, size)
        total, gains = gains[0, -1], gains[:, :-1]
        gains -= total * left / size
        np.multiply(gains, gains, out=gains)
        gains *= size / (left * (size - left))
        for column in self.discrete:  # in the others an impossible place is seldom the best
            ranked = self.columns[column].take(order[column])
            gains[column, ranked[1:] <= ranked[:-1] + _CLOSE] = -1
        return self._best_place(order, gains, rng)

    def _best_place(self, order: Indices, gains: Floats, rng: np.random.Generator) -> _Split | None:
        every = np.arange(len(order))
        while True:
            place = gains.argmax(axis=1)
            best = gains[every, place]
            below = self.columns[every, order[every, place]]
            above = self.columns[every, order[every, place + 1]]
            impossible = (above <= below + _CLOSE) & (best >= 0)
            if not impossible.any():
                break
            gains[every[impossible], place[impossible]] = -1
        top = float(best.max())
        if top < 0:
            return None
        equal = np.flatnonzero(best >= top * (1 - _ROUNDING))
        column = int(equal[0] if len(equal) == 1 else rng.choice(equal))
        threshold = float(below[column]) / 2 + float(above[column]) / 2
        return _Split(column, int(place[column]), threshold, top)


LeafValue = Callable[[Indices], float]


class _Grower:
    """Grows one tree on a target `(n,)`, node by node, and adds its leaves' values to the raw predictions."""

    def __init__(
        self, data: Sorted, target: Floats, raw: Floats, leaf_value: LeafValue, rng: np.random.Generator
    ) -> None:
        self.data, self.target, self.raw, self.leaf_value, self.rng = data, target, raw, leaf_value, rng
        self.column: list[int] = []
        self.threshold: list[float] = []
        self.children: list[tuple[int, int]] = []
        self.value: list[float] = []
        self.gains = np.zeros(len(data.columns))
        self._add(data.order, DEPTH)

    def tree(self) -> Tree:
        return Tree(np.array(self.column), np.array(self.threshold), np.array(self.children), np.array(self.value))

    def _add(self, order: Indices, depth: int) -> int:
        here = len(self.column)
        self.column.append(_LEAF)
        self.threshold.append(0.0)
        self.children.append((_LEAF, _LEAF))
        self.value.append(0.0)
        split = self._split(order) if depth else None
        if split is None:
            rows = order[0]
            self.value[here] = self.leaf_value(rows)
            self.raw[rows] += LEARNING_RATE * self.value[here]
            return here
        self.column[here], self.threshold[here] = split.column, split.threshold
        self.gains[split.column] += split.gain
        left, right = self._divide(order, split, whole=depth > 1)
        self.children[here] = (self._add(left, depth - 1), self._add(right, depth - 1))
        return here

    def _split(self, order: Indices) -> _Split | None:
        target = self.target.take(order[0])
        size = len(target)
        pure = size < 2 or target @ target / size - (target.sum() / size) ** 2 <= _PURE
        return None if pure else self.data.best_split(order, self.target, self.rng)

    def _divide(self, order: Indices, split: _Split, *, whole: bool) -> tuple[Indices, Indices]:
        """The samples of both children, in the order of every column or, for leaves, of one."""
        chosen = order[split.column]
        if not whole:
            return chosen[None, : split.place + 1], chosen[None, split.place + 1 :]
        goes_left = np.zeros(len(self.target), dtype=bool)
        goes_left[chosen[: split.place + 1]] = True
        mask = goes_left.take(order)
        return order[mask].reshape(len(order), -1), order[~mask].reshape(len(order), -1)


def boost_classes(data: Sorted, classes: Indices, *, stages: int = STAGES, seed: int = 0) -> Boosted:
    """`sklearn.ensemble.GradientBoostingClassifier()` (Friedman 2001): multinomial or binomial deviance, depth 3.

    The trees are scikit-learn's, split by split, up to the choice between splits that are equally good, which it
    makes by its `random_state` and by rounding, and this by `seed`.

    Args:
        data: the samples.
        classes: `(n,)` indices from 0, each of them in use.
        stages: how many times a tree a class is added (one tree for two classes).
        seed: of the choice between equals.
    """
    shares = np.bincount(classes) / len(classes)
    labels = (classes == np.arange(len(shares))[:, None]).astype(np.float64)
    if len(shares) == 2:
        return _boost(data, labels[1:], _Loss(np.log(shares[1:] / shares[:1]), _logistic, 1.0), stages, seed)
    start = np.log(shares) - np.log(shares).mean()
    return _boost(data, labels, _Loss(start, _softmax, (len(shares) - 1) / len(shares)), stages, seed)


def boost_values(data: Sorted, target: Floats, *, stages: int = STAGES, seed: int = 0) -> Boosted:
    """`sklearn.ensemble.GradientBoostingRegressor()`: the squared error of a number `(n,)`; see `boost_classes`."""
    return _boost(data, target[None], _Loss(target.mean(keepdims=True), None, 1.0), stages, seed)


@dataclass(frozen=True)
class _Loss:
    """Where raw predictions begin, how they become predictions (None: they are), and the share of a Newton step."""

    start: Floats
    link: Callable[[Floats], Floats] | None
    share: float


def _boost(data: Sorted, labels: Floats, loss: _Loss, stages: int, seed: int) -> Boosted:
    raw = np.repeat(loss.start[:, None], labels.shape[1], axis=1)
    gains = np.zeros(len(data.columns))
    trees = []
    for stage in range(stages):
        rng = np.random.default_rng(derive_seed(seed, "boosting", stage))
        residuals = labels - (raw if loss.link is None else loss.link(raw))
        grown = []
        for label, residual, total in zip(labels, residuals, raw, strict=True):
            leaf_value = _mean_of(residual) if loss.link is None else _newton_step(label, residual, loss.share)
            grower = _Grower(data, residual, total, leaf_value, rng)
            gains += grower.gains
            grown.append(grower.tree())
        trees.append(tuple(grown))
    total_gain = gains.sum()
    return Boosted(loss.start, tuple(trees), gains / total_gain if total_gain > 0 else gains)


def _mean_of(residual: Floats) -> LeafValue:
    return lambda rows: float(residual.take(rows).mean())


def _newton_step(label: Floats, residual: Floats, share: float) -> LeafValue:
    """A leaf's value: `(K - 1) / K` times the mean residual over the mean of `p (1 - p)` (Friedman 2001, eq. 34)."""

    def value(rows: Indices) -> float:
        left_over = residual.take(rows)
        probability = label.take(rows) - left_over
        curvature = float((probability * (1 - probability)).mean())
        return 0.0 if curvature < _TINY else float(left_over.mean()) * share / curvature

    return value


def _logistic(raw: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-raw)))


def _softmax(raw: Floats) -> Floats:
    """Probabilities `(K, n)`, each column of which sums to 1."""
    shifted = np.exp(raw - raw.max(axis=0))
    return np.asarray(shifted / shifted.sum(axis=0))
