"""Published sets whose images are a grid of factors: the base of their adapters, and checks that the grid is one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo, held_out
from disentangle_bench.datasets.factor import Factor, as_variables
from disentangle_bench.datasets.files.cache import obtain
from disentangle_bench.datasets.files.content import forgotten_if_damaged
from disentangle_bench.datasets.files.file import REPLACE
from disentangle_bench.datasets.files.places import user_folders
from disentangle_bench.datasets.files.sources import Source
from disentangle_bench.datasets.ground_truth import Classes, grid
from disentangle_bench.datasets.images import Images, Shape
from disentangle_bench.errors import DataError


class Grid(NamedTuple):
    """What is read of a grid: images, the class `(n, k)` of each in each factor, and the factors."""

    images: Images
    classes: Classes
    factors: tuple[Factor, ...]


class GridDataset(ABC):
    """The adapter of a set in one file: images of every combination of the factors' classes, each once.

    What differs from set to set is where images and classes come from. There is no published split; a tenth of the
    images, drawn at random by the set's name, is the test split.

    Attributes:
        info: its first file is the one that is read.
        publishers: who publishes the file.
        folders: where in a user's folder what is in that file may lie unpacked.
        contents: glob patterns that all match in such a folder.
    """

    info: DatasetInfo
    publishers: tuple[Source, ...]
    folders: ClassVar[tuple[str, ...]] = ()
    contents: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def read(self, path: Path) -> Grid:
        """Read the file, or the folder with what is in it.

        Raises:
            DataError: it is damaged or a different one. StorageError: the cache cannot be written.
        """

    def load(self, data_dir: Path | None = None) -> Dataset:
        """Load all images in the file's order: the last factor changes fastest.

        Args:
            data_dir: a folder with the file, in itself or in a folder with the set's name; by default `DBENCH_DATA`,
                the user cache, then the sources.

        Raises:
            DownloadError: no source has the file. DataError: it is damaged or a different one.
            StorageError: the cache cannot be written.
        """
        return self.load_grid(data_dir, self.read)

    def sources(self) -> Iterable[Source]:
        """Return who publishes the file."""
        return self.publishers

    def load_grid(self, data_dir: Path | None, read: Callable[[Path], Grid]) -> Dataset:
        """Find or download the file, and read it; adapters with settings call this with their own `read`."""
        roots = user_folders(self.info.name, data_dir, self.info.subfolders)
        places = (root / folder for root in roots for folder in self.folders)
        unpacked = (place for place in places if all(any(place.glob(pattern)) for pattern in self.contents))
        path = next(unpacked, None) or obtain(self.info.file_set, self.sources, data_dir)[next(iter(self.info.files))]
        with forgotten_if_damaged(self.info.file_set, path):
            images, classes, factors = read(path)
            return grid_dataset(replace(self.info, shape=images.shape[1:], factors=factors), images, classes)

    def require_images(self, path: Path, key: str, shape: Shape) -> None:
        """Refuse images of another number or shape than the set's.

        Args:
            path: the file, for the message.
            key: what holds the images there.
            shape: `(n, c, h, w)`.

        Raises:
            DataError: they differ.
        """
        info = self.info
        if shape != (info.images, *info.shape):
            sizes = " x ".join(str(factor.size) for factor in info.factors)
            raise DataError(
                f"{path}: {key!r} has {shape[0]:,} images {shape[1:]}; {sizes} of {info.name} make {info.images:,} "
                f"images {info.shape}.",
                REPLACE,
            )


def grid_dataset(
    info: DatasetInfo, images: Images, classes: Classes, train: NDArray[np.bool_] | None = None
) -> Dataset:
    """Return images whose factors all have classes `(n, k)`; a tenth is held out unless there is a published split."""
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
    """Rank each value among its factor's values: the rank is its class.

    Args:
        path: the file, for the message.
        key: what holds the values there.
        values: `(n, k)` as a set states them, such as 0.75 to 1.25.
        factors: `k` of them.

    Returns:
        The classes `(n, k)`, and the factors with these values. Texts that a factor's classes stand for are kept.

    Raises:
        DataError: a factor has more values, or fewer, than classes.
    """
    columns = [ranked_column(path, key, values[:, column], factor) for column, factor in enumerate(factors)]
    return np.stack([classes for classes, _ in columns], axis=1), tuple(factor for _, factor in columns)


def grid_by_value(
    path: Path, key: str, values: NDArray[np.float64], factors: Sequence[Factor]
) -> tuple[Classes, tuple[Factor, ...]]:
    """Rank values `(n, k)` as `ranked` does, and refuse rows that are not in the order of the grid."""
    classes, found = ranked(path, key, values, factors)
    require_grid(path, key, classes, found)
    return classes, found


def ranked_column(
    path: Path, key: str, values: NDArray[np.float64] | NDArray[np.str_], factor: Factor
) -> tuple[NDArray[np.int64], Factor]:
    """Rank each value `(n,)`, number or text, of one factor; see `ranked`."""
    known, classes = np.unique(values, return_inverse=True)
    numbers = known.dtype.kind == "f"
    if len(known) != factor.size or (numbers and not np.isfinite(known).all()):
        shown = [f"{value:g}" if numbers else value for value in known[:5].tolist()] + ["..."] * (len(known) > 5)
        listed = f" ({', '.join(shown)})" if shown else ""
        raise DataError(
            f"{path}: {key!r} has {len(known):,} values of {factor.name}{listed}; there are {factor.size:,}.", REPLACE
        )
    named = not numbers or any(isinstance(value, str) for value in factor.values)
    return classes.astype(np.int64), factor if named else replace(factor, values=tuple(known.tolist()))
