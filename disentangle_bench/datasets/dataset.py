"""What every dataset adapter declares and gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import File, FileSet
from disentangle_bench.datasets.files.sources import Source
from disentangle_bench.datasets.ground_truth import GroundTruth
from disentangle_bench.datasets.images import Images, SomeImages
from disentangle_bench.errors import DataError
from disentangle_bench.representation.variables import Variables
from disentangle_bench.seeds import derive_seed

Split = Literal["train", "test"]


@dataclass(frozen=True)
class DatasetInfo:
    """What is declared of a dataset.

    Attributes:
        images: how many; 0 where they are the user's own and nobody knows before they are loaded.
        shape: `(channels, height, width)` of an image; zeros where that, too, is the user's own.
        factors: what is known of each image.
        labels: the factor that names an image's class, if there is one.
        files: file name -> its hash and size; empty where nothing has to be downloaded.
        bytes: size on disk, for listings.
        subfolders: where in a folder of datasets other programs put these files.
        procedural: whether the images are computed from their factors when they are needed.
    """

    name: str
    title: str
    images: int
    shape: tuple[int, int, int]
    factors: tuple[Factor, ...]
    licence: str
    citation: str
    labels: str | None = None
    files: Mapping[str, File] = field(default_factory=dict)
    bytes: int = 0
    subfolders: tuple[str, ...] = ()
    procedural: bool = False

    @property
    def origin(self) -> Literal["published", "procedural", "embedded", "yours"]:
        """Where the images come from: published files, their factors, an installed package, or the user."""
        if self.files:
            return "published"
        return "yours" if self.users_own else "procedural" if self.procedural else "embedded"

    @property
    def users_own(self) -> bool:
        """Whether the images are the user's own."""
        return self.images == 0

    @property
    def file_set(self) -> FileSet:
        """The files, as `datasets.files` takes them."""
        return FileSet(self.name, self.files, self.subfolders)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A dataset, in memory or read as it is asked for.

    Attributes:
        images: `(n, c, h, w)` uint8: an array, or images that stay where they are.
        factors: `(n, k)` ground-truth factors or labels, where known: the number of the class, from 0 on, of one that
            has classes, and else the value.
        train: `(n,)` bool: the training split; the rest is the test split.

    Raises:
        DataError: the arrays do not fit together or to the facts.
    """

    info: DatasetInfo
    images: Images
    factors: Variables | None
    train: NDArray[np.bool_]

    def __post_init__(self) -> None:
        expected = (self.info.images, *self.info.shape)
        if self.images.shape != expected or self.images.dtype != np.uint8:
            given = f"{self.images.shape} {self.images.dtype}"
            raise DataError(
                f"{self.info.name} gave images {given}; its facts say {expected} uint8.",
                "The dataset's files or its adapter are at fault.",
            )
        for name, part in {"factors": self.factors, "train": self.train}.items():
            if part is not None and len(part) != len(self.images):
                raise DataError(
                    f"{self.info.name} gave {len(self.images)} images and {len(part)} rows of {name!r}.",
                    "The dataset's files or its adapter are at fault.",
                )

    def split(self, name: Split) -> Images:
        """The images of one split; those that are not in memory stay where they are."""
        rows = self.train if name == "train" else ~self.train
        if isinstance(self.images, np.ndarray):
            return self.images[rows]
        return self.images if rows.all() else SomeImages(self.images, np.flatnonzero(rows))

    def some(self, rows: NDArray[np.int64]) -> Dataset:
        """A dataset of some of the rows, whose images are read into memory."""
        return Dataset(
            replace(self.info, images=len(rows)),
            np.asarray(self.images[rows]),
            None if self.factors is None else self.factors.rows(rows),
            self.train[rows],
        )

    @cached_property
    def ground_truth(self) -> GroundTruth | None:
        """The sampler, factors to images, of a set whose factors all have classes; else None."""
        if self.factors is None or any(factor.size is None for factor in self.info.factors):
            return None
        return GroundTruth(self.images, self.info.factors, np.asarray(self.factors.values, dtype=np.int64))

    def labels(self, name: Split | None = None) -> NDArray[np.int64] | None:
        """The class of each image, of one split or of all, or None for a dataset without classes."""
        if self.info.labels is None or self.factors is None:
            return None
        values = self.factors.column(self.info.labels)
        rows = slice(None) if name is None else (self.train if name == "train" else ~self.train)
        return np.asarray(values[rows], dtype=np.int64)


def held_out(n: int, name: str, share: float = 0.1) -> NDArray[np.bool_]:
    """A train mask `(n,)` for a set without a published split: all but a share, drawn by the set's name, are in it.

    Some image is held out, unless it is the only one.
    """
    generator = np.random.default_rng(derive_seed(0, "held out", name))
    train = np.ones(n, dtype=bool)
    train[generator.choice(n, size=min(max(1, round(share * n)), n - 1), replace=False)] = False
    return train


class Adapter(Protocol):
    """One dataset: a module-level object in its own file of this room."""

    info: DatasetInfo

    def load(self, data_dir: Path | None = None) -> Dataset:
        """Read the dataset, fetching and verifying its files if need be.

        An adapter may take settings of its own, by keyword, each with a default: a recipe gives them in its table
        `[data]`.

        Args:
            data_dir: a folder with the files; by default `DBENCH_DATA`, the user cache, then the mirrors.

        Raises:
            DownloadError: no source gave the right bytes. DataError: a file is damaged.
        """
        ...


class Published(Adapter, Protocol):
    """A dataset whose files have to be had from somewhere: those that its facts declare."""

    def sources(self) -> Iterable[Source]:
        """Who has the files, in the order in which they are asked."""
        ...
