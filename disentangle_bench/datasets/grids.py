"""What the sets whose images are a grid of factors have in common."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo, held_out
from disentangle_bench.datasets.factor import Factor, as_variables
from disentangle_bench.datasets.files.hashes import Note, digest_of, note_on
from disentangle_bench.datasets.files.places import cache_folder
from disentangle_bench.datasets.ground_truth import Classes, grid
from disentangle_bench.datasets.images import Images
from disentangle_bench.errors import DataError
from disentangle_bench.storage import storage_errors

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


@contextmanager
def forgotten_if_damaged(info: DatasetInfo, path: Path) -> Iterator[None]:
    """Forget what was noted of a file without a published hash if it turns out to be damaged while it is read.

    Else the damaged copy would be the one that its replacement has to match.
    """
    try:
        yield
    except DataError:
        if path.name in info.files and info.files[path.name].sha256 is None:
            with storage_errors(path):
                note_on(path, cache_folder(info.name)).unlink(missing_ok=True)
        raise


def content_of(place: Path, dataset: str) -> str:
    """A text that is another for other images: a file's SHA-256, noted if it is large, or that of a folder's listing.

    Raises:
        StorageError: it cannot be read.
    """
    with storage_errors(place, "read"):
        if place.is_dir():
            return _listing(place)
        note = note_on(place, cache_folder(dataset))
        digest = digest_of(place, note)
        Note.of(place, digest).keep(note)
        return digest


def _listing(folder: Path) -> str:
    """The SHA-256 of the names, sizes and times of change of the files in a folder."""
    digest = hashlib.sha256()
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            state = path.stat()
            digest.update(f"{path.relative_to(folder)} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()
