"""What the sets whose images are a grid of factors have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetFacts, held_out
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.ground_truth import Classes, grid
from disentangle_bench.datasets.images import Images
from disentangle_bench.errors import DataError
from disentangle_bench.variables import Variables

REPLACE = "Replace it by the published file."
_CLOSE = 1e-4  # as closely as a value that a set's authors printed says which class it is


def grid_dataset(
    facts: DatasetFacts, images: Images, classes: Classes, train: NDArray[np.bool_] | None = None
) -> Dataset:
    """Images whose factors all have classes `(n, k)`; without a published split, a tenth of them is held out."""
    names, kinds = zip(*((factor.name, factor.kind) for factor in facts.factors), strict=True)
    factors = Variables.wrap(classes, names=names, kinds=kinds)
    return Dataset(facts, images, factors, held_out(len(classes), facts.name) if train is None else train)


def require_grid(path: Path, key: str, classes: Classes, factors: Sequence[Factor]) -> None:
    """Refuse classes that are not each combination once, with the last factor changing fastest.

    Args:
        path: the file, for the message.
        key: what holds the classes there.
        classes: `(n, k)`.
        factors: `k` of them.

    Raises:
        DataError: another number of rows, or other classes in some row.
    """
    expected = grid(factors)
    if classes.shape != expected.shape:
        sizes = " x ".join(str(factor.size) for factor in factors)
        raise DataError(f"{path}: {key!r} is {classes.shape}; the grid {sizes} makes it {expected.shape}.", REPLACE)
    wrong = np.argwhere(classes != expected)
    if len(wrong):
        row, column = wrong[0]
        raise DataError(
            f"{path}: {key!r} has {factors[column].name} {classes[row, column]} in row {row:,} where the grid "
            f"has {expected[row, column]}; {len(np.unique(wrong[:, 0])):,} rows differ.",
            REPLACE,
        )


def ranked(path: Path, key: str, values: NDArray[np.float64], factors: Sequence[Factor]) -> Classes:
    """The class of each value: the place that it has among its factor's values.

    Args:
        path: the file, for the message.
        key: what holds the values there.
        values: `(n, k)` as a set states them, such as 0.75 to 1.25.
        factors: `k` of them, with numbers for values, in ascending order.

    Raises:
        DataError: a value that its factor does not have.
    """
    classes = np.empty(values.shape, np.int64)
    for column, factor in enumerate(factors):
        known = np.asarray(factor.values, dtype=np.float64)
        stated = values[:, column]
        borders = (known[1:] + known[:-1]) / 2
        classes[:, column] = np.searchsorted(borders, stated)
        unknown = ~(np.abs(known[classes[:, column]] - stated) < _CLOSE)  # NaN, too
        if unknown.any():
            row = int(np.flatnonzero(unknown)[0])
            raise DataError(
                f"{path}: {key!r} has {factor.name} {stated[row]:g} in row {row:,}, which is none of its "
                f"{factor.size} values from {known[0]:g} to {known[-1]:g}.",
                REPLACE,
            )
    return classes
