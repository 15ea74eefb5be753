"""Which images show what a dataset's factors do: one row of them a factor, chosen without chance.

- Where there is about one image of each combination of classes, a row moves one factor and holds all others.
- Where there is a label, each class has a row. Other factors go from low to high, or from class to class, among the
  images of one class of the label.
- Where there is neither, factors go from low to high, or from class to class, and nothing else is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets import Dataset, Factor, GroundTruth
from disentangle_bench.reports.numbers import say_value
from disentangle_bench.representation.kinds import is_unknown

COLUMNS, FEW = 10, 12
MOST_CLASSES = 20
_LEAST_IMAGES_A_CELL, _MOST_IMAGES_A_CELL = 0.01, 2
_SHARES = (0.5, 0.7, 0.2, 0.9, 0.35)


@dataclass(frozen=True)
class SampleRow:
    """Images that are shown side by side.

    Attributes:
        name: what changes along them.
        note: its kind, or how many there are; a second line for what is held.
        images: `(m, c, h, w)` uint8.
        values: what each of them shows; empty where that says nothing.
    """

    name: str
    note: str
    images: NDArray[np.uint8]
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Samples:
    """The rows of a sheet, and what is held fixed in all of them."""

    rows: tuple[SampleRow, ...]
    held: str = ""


def choose_samples(dataset: Dataset) -> Samples:
    """Choose the rows of a dataset's sheet."""
    ground_truth = dataset.ground_truth
    images_a_cell = 0.0 if ground_truth is None else len(ground_truth) / ground_truth.cells
    # With about one image per combination of classes it is a grid.
    if ground_truth is not None and _LEAST_IMAGES_A_CELL <= images_a_cell <= _MOST_IMAGES_A_CELL:
        samples = _along_factors(ground_truth)
        return samples if samples.rows else Samples(tuple(_any(dataset)))  # no factor has two classes
    label = next((factor for factor in dataset.info.factors if factor.name == dataset.info.labels), None)
    rows = [] if label is None else _by_class(dataset, label)
    rows += [_observed(dataset, factor, label) for factor in dataset.info.factors if factor is not label]
    return Samples(tuple(rows or _any(dataset)))


def spread(factor: Factor) -> NDArray[np.int64]:
    """Choose all of a factor's classes, or about ten: evenly spaced if possible, and including both ends."""
    size = factor.size or 0
    if size <= FEW:
        return np.arange(size)
    closed = factor.kind == "cyclic"  # whose last class is next to the first
    steps = size if closed else size - 1
    shown = next((n for n in range(FEW, FEW - 5, -1) if steps % (n if closed else n - 1) == 0), COLUMNS)
    return np.rint(np.linspace(0, steps, shown, endpoint=not closed)).astype(np.int64)


def _along_factors(ground_truth: GroundTruth) -> Samples:
    nearest = _Nearest(ground_truth)
    factors = ground_truth.factors
    base = ground_truth.classes([nearest.row(base_classes(factors))])[0]
    rows = []
    for column, factor in enumerate(factors):
        wanted = [np.where(np.arange(len(factors)) == column, number, base) for number in spread(factor)]
        found = np.array([row for classes in wanted for row in nearest.rows_with(classes, column)])
        values = tuple(_say_class(factor, number) for number in ground_truth.classes(found)[:, column])
        if len(found) > 1:
            rows.append(SampleRow(factor.name, factor.summary, ground_truth.images[found], values))
    held = [f"{factor.name} {_say_class(factor, number)}" for factor, number in zip(factors, base, strict=True)]
    gaps = "" if ground_truth.whole else ", or nearest to it among the images that there are"
    return Samples(tuple(rows), f"Each row moves one factor; the others stay at {', '.join(held)}{gaps}.")


class _Nearest:
    """Finds the image with given classes or, where a grid has gaps, the one that differs least from them."""

    def __init__(self, ground_truth: GroundTruth) -> None:
        self.ground_truth = ground_truth
        self._classes = None if ground_truth.whole else ground_truth.classes(np.arange(len(ground_truth)))

    def row(self, wanted: NDArray[np.int64]) -> int:
        """Find the row of the image that is nearest to these classes."""
        if self._classes is None:
            return int(self.ground_truth.index(wanted)[0])
        return int(np.argmin(self._distances(self._classes, wanted)))

    def rows_with(self, wanted: NDArray[np.int64], column: int) -> list[int]:
        """Find the row of the nearest image with the wanted class in that column; empty if there is no such image."""
        if self._classes is None:
            return [self.row(wanted)]
        candidates = np.flatnonzero(self._classes[:, column] == wanted[column])
        if not len(candidates):
            return []
        return [int(candidates[np.argmin(self._distances(self._classes[candidates], wanted))])]

    def _distances(self, classes: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.float64]:
        """Sum distances over factors: 0 for the same class, up to 1 for another one or the farthest in an order."""
        total = np.zeros(len(classes))
        for column, factor in enumerate(self.ground_truth.factors):
            size = self.ground_truth.sizes[column]
            apart = np.abs(classes[:, column] - wanted[column])
            if factor.kind == "categorical":
                apart = np.minimum(apart, 1) * max(size - 1, 1)
            elif factor.kind == "cyclic":
                apart = 2 * np.minimum(apart, size - apart)
            total += apart / max(size - 1, 1)
        return total


def base_classes(factors: Sequence[Factor]) -> NDArray[np.int64]:
    """The class `(k,)` at which each factor is held: the last of one without an order, one in the middle of an
    order, and one near the first of a circle.

    Three factors or more of the same values, such as the hues of several things, take different ones.
    """
    alike = [[other for other in factors if other.values and other.values == factor.values] for factor in factors]
    return np.array(
        [
            _middle(factor, like.index(factor) if len(like) > 2 else 0)
            for factor, like in zip(factors, alike, strict=True)
        ]
    )


def _middle(factor: Factor, place: int) -> int:
    size = factor.size or 1
    if factor.kind == "categorical":
        return size - 1
    if factor.kind == "cyclic" and not place:
        return size // 12  # a little aside: what is seen straight from the front shows less of itself
    return int(size * _SHARES[place % len(_SHARES)])


def _by_class(dataset: Dataset, label: Factor) -> list[SampleRow]:
    labels = dataset.labels()
    assert labels is not None
    classes = np.unique(labels[labels >= 0])
    shown = classes[np.unique(np.rint(np.linspace(0, len(classes) - 1, MOST_CLASSES)).astype(np.int64))]
    rows = [(number, np.flatnonzero(labels == number)) for number in shown]
    return [
        SampleRow(f"{label.name} {_say_class(label, number)}", f"{len(of):,} images", dataset.images[_some(of)])
        for number, of in rows
    ]


def _observed(dataset: Dataset, factor: Factor, label: Factor | None) -> SampleRow:
    """Choose images from the lowest to the highest value, or of each class, within one class of the label if any."""
    assert dataset.factors is not None
    column = dataset.factors.column(factor.name)
    known = np.flatnonzero(~is_unknown(column))
    among, note = known, factor.summary
    labels = dataset.labels()
    if label is not None and labels is not None:
        last = labels.max()
        among, note = known[labels[known] == last], f"{note}\n{label.name} {_say_class(label, last)}"
    if factor.size is None:
        found = _some(among[np.argsort(column[among], kind="stable")])
        values = tuple(say_value(float(column[row])) for row in found)
    else:
        each = max(1, COLUMNS // factor.size)
        found = np.concatenate([_some(among[column[among] == number], each) for number in spread(factor)])
        values = tuple(_say_class(factor, column[row]) for row in found)
    return SampleRow(factor.name, note, dataset.images[found], values)


def _any(dataset: Dataset) -> list[SampleRow]:
    rows = _some(np.arange(len(dataset.images)), 3 * COLUMNS)
    parts = [rows[start : start + COLUMNS] for start in range(0, len(rows), COLUMNS)]
    of = f"of {len(dataset.images):,}"
    return [SampleRow(f"rows {part[0]:,} to {part[-1]:,}", of, dataset.images[part]) for part in parts]


def _some(rows: NDArray[np.int64], most: int = COLUMNS) -> NDArray[np.int64]:
    """Choose at most `most` rows, each from the middle of one of as many equal parts."""
    shown = min(most, len(rows))
    return rows[((np.arange(shown) + 0.5) * len(rows) / max(shown, 1)).astype(np.int64)]


def _say_class(factor: Factor, number: float) -> str:
    """Say what a class stands for; its number is a float beside factors that are continuous."""
    return say_value(factor.values[int(number)]) if factor.values else str(int(number))
