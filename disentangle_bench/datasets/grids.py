"""What the sets whose images are a grid of factors have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo, held_out
from disentangle_bench.datasets.factor import Factor, as_variables
from disentangle_bench.datasets.ground_truth import Classes, grid
from disentangle_bench.datasets.images import Images
from disentangle_bench.errors import DataError

REPLACE = "Replace it by the published file."


def grid_dataset(
    info: DatasetInfo, images: Images, classes: Classes, train: NDArray[np.bool_] | None = None
) -> Dataset:
    """Images whose factors all have classes `(n, k)`; without a published split, a tenth of them is held out."""
    chosen = held_out(len(classes), info.name) if train is None else train
    return Dataset(info, images, as_variables(info.factors, classes), chosen)


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


def ranked(
    path: Path, key: str, values: NDArray[np.float64], factors: Sequence[Factor]
) -> tuple[Classes, tuple[Factor, ...]]:
    """The class of each value, which is its rank among its factor's values, and the factors with these values.

    Args:
        path: the file, for the message.
        key: what holds the values there.
        values: `(n, k)` as a set states them, such as 0.75 to 1.25.
        factors: `k` of them. The texts that a factor's classes stand for are kept: they say more than numbers.

    Raises:
        DataError: a factor has more values, or fewer, than classes.
    """
    classes, found = np.empty(values.shape, np.int64), []
    for column, factor in enumerate(factors):
        known, classes[:, column] = np.unique(values[:, column], return_inverse=True)
        if len(known) != factor.size or not np.isfinite(known).all():
            said = ", ".join(f"{value:g}" for value in known[:5]) + (", ..." if len(known) > 5 else "")
            listed = f" ({said})" if said else ""
            raise DataError(
                f"{path}: {key!r} has {len(known)} values of {factor.name}{listed}; there are {factor.size}.", REPLACE
            )
        named = any(isinstance(value, str) for value in factor.values)
        found.append(factor if named else replace(factor, values=tuple(known.tolist())))
    return classes, tuple(found)
