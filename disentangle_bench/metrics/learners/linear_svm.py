"""Linear support vector machines of a single column: the machines of scikit-learn, for all classes at once.

Why not scikit-learn: `sap` fits one machine per class, code and factor, and `LinearSVC` passes over all samples at
every step. With a single column, the samples inside the margin lie on one side of a threshold, so that their sums are
read off running totals of the sorted column: a step costs a binary search. On 10,000 rows of 10 codes, for factors of 3
to 40 values, `sap` gives the same number in a fifth of the time (`python -m benchmarks.perf metrics`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

MAX_STEPS = 1000


@dataclass(frozen=True)
class OneVsRest:
    """Lines `(m, 2)` of slope and offset: one per class, or a single line for the second of two classes."""

    lines: Floats

    @classmethod
    def fit(cls, column: Floats, labels: Indices, *, cost: float = 0.01, tolerance: float = 1e-4) -> Self:
        """Fit the squared-hinge machines of `sklearn.svm.LinearSVC(C=cost, class_weight="balanced", dual=False)`.

        They take the steps of that solver (the trust region Newton method of Lin, Weng and Keerthi 2008) and do not
        only minimize its objective, since it stops early enough for the minimum itself to classify a few samples
        differently. As there, the offset is part of the penalty, and the balanced weight is that of a class against a
        rest of weight 1.

        Args:
            column: `(n,)` values.
            labels: `(n,)` class indices from 0, each of them in use, two or more.
            cost: C.
            tolerance: norm of the gradient at which to stop, as a share of that at the start.
        """
        sizes = np.bincount(labels)
        positive = np.arange(len(sizes)) if len(sizes) > 2 else np.array([1])
        weights = cost * len(labels) / (len(sizes) * sizes)
        rest_weight = np.full(len(positive), cost) if len(sizes) > 2 else weights[:1]
        loss = _Loss(_Totals.of(column, labels), positive, weights[positive], rest_weight)
        rarer = np.minimum(sizes[positive], len(labels) - sizes[positive])
        return cls(_minimize(loss, tolerance * rarer / len(labels)))

    def predict(self, column: Floats) -> Indices:
        """Return the class index of each value `(n,)`."""
        decisions = column[:, None] * self.lines[:, 0] + self.lines[:, 1]
        chosen = decisions.argmax(axis=1) if len(self.lines) > 1 else decisions[:, 0] > 0
        return np.asarray(chosen, dtype=np.int64)


@dataclass(frozen=True)
class _Totals:
    """Running totals of 1, x and x² over a sorted column: of all samples, and class after class."""

    values: Floats
    keys: Indices
    starts: Indices
    of_all: Floats
    of_classes: Floats

    @classmethod
    def of(cls, column: Floats, labels: Indices) -> Self:
        order = np.argsort(column, kind="stable")  # fast if the caller has sorted already, as for many factors
        short = labels.astype(np.uint16) if labels.max() < 2**16 else labels  # sorted by radix
        values, by_class = column[order], np.argsort(short[order], kind="stable")
        classes = labels[order][by_class]
        powers = np.stack([np.ones_like(values), values, values**2], axis=1)
        starts = np.searchsorted(classes, np.arange(classes[-1] + 1))
        keys = classes * (len(values) + 1) + by_class
        return cls(values, keys, starts, _running(powers), _running(powers[by_class]))

    def below(self, thresholds: Floats, classes: Indices) -> tuple[Floats, Floats]:
        """Return the totals `(m, 3)` of the samples below a threshold: those of a class, and all others."""
        rank = np.searchsorted(self.values, thresholds)
        place = np.searchsorted(self.keys, classes * (len(self.values) + 1) + rank)
        of_class = self.of_classes[place] - self.of_classes[self.starts[classes]]
        return of_class, self.of_all[rank] - of_class


def _running(powers: Floats) -> Floats:
    return np.concatenate([np.zeros((1, powers.shape[1])), np.cumsum(powers, axis=0)])


class _Point(NamedTuple):
    """The objective `(m,)`, its gradient `(m, 2)` and its generalized Hessian `(m, 2, 2)`."""

    value: Floats
    gradient: Floats
    hessian: Floats


@dataclass(frozen=True)
class _Loss:
    """`|line|² / 2` plus the weighted squares of what each sample lacks to its margin, for one line per class."""

    totals: _Totals
    classes: Indices
    weight: Floats
    rest_weight: Floats

    def at(self, lines: Floats) -> _Point:
        """Evaluate the objectives at lines `(m, 2)`."""
        inside, inside_rest = self._inside(*lines.T)
        inside, inside_rest = inside * self.weight[:, None], inside_rest * self.rest_weight[:, None]
        moments, pull = inside + inside_rest, (inside - inside_rest)[:, [1, 0]]
        matrix = moments[:, [[2, 1], [1, 0]]]
        pushed = _times(matrix, lines)
        value = _dot(lines, lines) / 2 + moments[:, 0] - 2 * _dot(lines, pull) + _dot(lines, pushed)
        return _Point(value, lines + 2 * (pushed - pull), np.eye(2) + 2 * matrix)

    def _inside(self, slope: Floats, offset: Floats) -> tuple[Floats, Floats]:
        """Return totals `(m, 3)` of the class's samples below its margin of 1, and of the rest above theirs of -1."""
        falling = (slope < 0)[:, None]
        below = self.totals.below(_crossing(slope, offset, 1), self.classes)[0]
        rest_below = self.totals.below(_crossing(slope, offset, -1), self.classes)[1]
        every, every_rest = self.totals.below(np.full(len(slope), np.inf), self.classes)
        return np.where(falling, every - below, below), np.where(falling, rest_below, every_rest - rest_below)


def _crossing(slope: Floats, offset: Floats, margin: int) -> Floats:
    """Return where a line reaches a margin; a flat line under the margin does so at infinity."""
    never = np.where(offset < margin, np.inf, -np.inf)
    with np.errstate(over="ignore"):  # a line that is as good as flat crosses at infinity, too
        return np.divide(margin - offset, slope, out=never, where=slope != 0)


def _minimize(loss: _Loss, tolerance: Floats) -> Floats:
    """Return the lines `(m, 2)` at which the gradients have shrunk to `tolerance (m,)` times those at 0."""
    lines = np.zeros((len(tolerance), 2))
    here = loss.at(lines)
    first = radius = _norm(here.gradient)
    running = first > 0
    for turn in range(MAX_STEPS):
        if not running.any():
            break
        step, residual = _step(here, radius, running)
        there = loss.at(lines + step)
        slope = _dot(here.gradient, step)
        predicted, actual = (_dot(step, residual) - slope) / 2, here.value - there.value
        length = _norm(step)
        radius = np.minimum(radius, length) if turn == 0 else radius
        radius = _next_radius(radius, length, slope, actual, predicted)
        accepted = running & (actual > 1e-4 * predicted)
        lines = np.where(accepted[:, None], lines + step, lines)
        here = _Point(*(np.where(accepted, new.T, old.T).T for new, old in zip(there, here, strict=True)))
        running &= ~(accepted & (_norm(here.gradient) <= tolerance * first))
        running &= np.maximum(np.abs(actual), np.abs(predicted)) > 1e-12 * np.abs(here.value)
    return lines


def _step(here: _Point, radius: Floats, running: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Take conjugate gradients until the residual is a tenth of the gradient, or the region ends.

    Returns:
        The step `(m, 2)` and the residual `(m, 2)`.
    """
    step, residual = np.zeros_like(here.gradient), -here.gradient
    direction = residual
    enough = _norm(here.gradient) / 10
    going = running & (_norm(residual) > enough)
    while going.any():
        square, pushed = _dot(residual, residual), _times(here.hessian, direction)
        size = _ratio(square, _dot(direction, pushed), going)
        leaves = _norm(step + size[:, None] * direction) > radius
        size = np.where(leaves & going, _to_the_edge(step, direction, radius, going), size)[:, None]
        step, residual = step + size * direction, residual - size * pushed
        going = going & ~leaves & (_norm(residual) > enough)
        direction = residual + _ratio(_dot(residual, residual), square, going)[:, None] * direction
    return step, residual


def _to_the_edge(step: Floats, direction: Floats, radius: Floats, going: NDArray[np.bool_]) -> Floats:
    """Return how far along a direction the region ends, from a step inside it."""
    along, square = _dot(step, direction), _dot(direction, direction)
    left = np.maximum(radius**2 - _dot(step, step), 0)
    root = np.sqrt(along**2 + square * left)
    return np.where(along >= 0, _ratio(left, along + root, going), _ratio(root - along, square, going))


def _next_radius(radius: Floats, length: Floats, slope: Floats, actual: Floats, predicted: Floats) -> Floats:
    """Shrink the region where the quadratic model promised too much, widen it where the model held."""
    curved = -actual - slope
    scale = np.where(curved > 0, np.maximum(0.25, -0.5 * _ratio(slope, curved, curved > 0)), 4.0)
    reach = scale * length
    return np.select(
        [actual < 1e-4 * predicted, actual < 0.25 * predicted, actual < 0.75 * predicted],
        [
            np.minimum(np.maximum(scale, 0.25) * length, radius / 2),
            np.maximum(radius / 4, np.minimum(reach, radius / 2)),
            np.maximum(radius / 4, np.minimum(reach, 4 * radius)),
        ],
        np.maximum(radius, np.minimum(reach, 4 * radius)),
    )


def _ratio(above: Floats, below: Floats, where: NDArray[np.bool_]) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=where & (below != 0))


def _times(matrices: Floats, vectors: Floats) -> Floats:
    return np.asarray(np.einsum("mij,mj->mi", matrices, vectors))


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray((a * b).sum(axis=-1))


def _norm(a: Floats) -> Floats:
    return np.sqrt(_dot(a, a))
