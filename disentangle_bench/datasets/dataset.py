"""The contract of datasets: what every adapter declares and returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.correlation import Correlation, correlation_weights
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.file import File, FileSet
from disentangle_bench.datasets.files.sources import Source
from disentangle_bench.datasets.ground_truth import GroundTruth
from disentangle_bench.datasets.images import Images, SomeImages
from disentangle_bench.errors import DataError
from disentangle_bench.representation.kinds import is_unknown
from disentangle_bench.representation.variables import Variables
from disentangle_bench.seeds import derive_seed

Split = Literal["train", "test"]


@dataclass(frozen=True)
class DatasetInfo:
    """The declaration of a dataset.

    Attributes:
        images: the number; 0 for the user's own, which is unknown before they are loaded.
        shape: `(channels, height, width)` of an image; zeros if that, too, depends on the user's files.
        factors: what is known of each image.
        labels: the factor that is an image's class, if any.
        files: file name -> its hash and size; empty where nothing has to be downloaded.
        bytes: size on disk, for listings; by default that of the files which are not optional.
        subfolders: where in a folder of datasets other programs put these files.
        procedural: whether the images are computed from their factors when they are needed.
        train_images: how many of the images are for training where the split is published; None where it is drawn.
    """

    name: str
    title: str
    images: int
    shape: tuple[int, int, int]
    factors: tuple[Factor, ...]
    license: str
    citation: str
    labels: str | None = None
    files: Mapping[str, File] = field(default_factory=dict)
    bytes: int = 0
    subfolders: tuple[str, ...] = ()
    procedural: bool = False
    train_images: int | None = None

    def __post_init__(self) -> None:
        if not self.bytes:
            size = sum(file.bytes or 0 for file in self.files.values() if not file.optional)
            object.__setattr__(self, "bytes", size)

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
    """A dataset, in memory or read when needed.

    Attributes:
        images: `(n, c, h, w)` uint8: an array, or images that stay where they are.
        factors: `(n, k)` ground-truth factors or labels, where known: the number of the class, from 0 on, of one that
            has classes, and otherwise the value.
        train: `(n,)` bool: the training split; the rest is the test split.
        correlations: of factors in the images that training draws; images and factors themselves are the same.

    Raises:
        DataError: the arrays do not fit together, or to the info.
    """

    info: DatasetInfo
    images: Images
    factors: Variables | None
    train: NDArray[np.bool_]
    correlations: tuple[Correlation, ...] = ()

    def __post_init__(self) -> None:
        expected = (self.info.images, *self.info.shape)
        if self.images.shape != expected or self.images.dtype != np.uint8:
            given = f"{self.images.shape} {self.images.dtype}"
            raise DataError(
                f"{self.info.name} returned images {given}; its info declares {expected} uint8.",
                "Its files or its adapter are wrong.",
            )
        for name, part in {"factors": self.factors, "train": self.train}.items():
            if part is not None and len(part) != len(self.images):
                raise DataError(
                    f"{self.info.name} returned {len(self.images)} images and {len(part)} rows of {name!r}.",
                    "Its files or its adapter are wrong.",
                )

    def split(self, name: Split) -> Images:
        """Return the images of one split; those on disk are not read."""
        rows = self.train if name == "train" else ~self.train
        if isinstance(self.images, np.ndarray):
            return self.images[rows]
        return self.images if rows.all() else SomeImages(self.images, np.flatnonzero(rows))

    def some(self, rows: NDArray[np.int64]) -> Dataset:
        """Return a dataset of some of the rows, whose images are read into memory."""
        return Dataset(
            replace(self.info, images=len(rows), train_images=None),
            np.asarray(self.images[rows]),
            None if self.factors is None else self.factors.rows(rows),
            self.train[rows],
        )

    @cached_property
    def ground_truth(self) -> GroundTruth | None:
        """The sampler, factors to images, of a set whose factors all have classes that are known; otherwise None."""
        if self.factors is None or any(factor.size is None for factor in self.info.factors):
            return None
        if not self.factors.known.all():
            return None
        return GroundTruth(self.images, self.info.factors, np.asarray(self.factors.values, dtype=np.int64))

    def training_weights(self) -> NDArray[np.float64] | None:
        """Return how likely training is to draw each image of its split, in relation; None if all are as likely."""
        truth = self.ground_truth
        if not self.correlations or truth is None:
            return None
        classes = truth.classes(np.flatnonzero(self.train))
        columns, sizes = (
            dict(zip(truth.names, classes.T, strict=True)),
            dict(zip(truth.names, truth.sizes, strict=True)),
        )
        return correlation_weights(self.correlations, columns, sizes)

    def labels(self, name: Split | None = None) -> NDArray[np.int64] | None:
        """Return the class of each image, of one split or of all, or None for a dataset without classes.

        The class of an image of which it is unknown is -1.
        """
        if self.info.labels is None or self.factors is None:
            return None
        values = self.factors.column(self.info.labels)
        rows = slice(None) if name is None else (self.train if name == "train" else ~self.train)
        return np.where(is_unknown(values), -1, values)[rows].astype(np.int64)


def held_out(n: int, name: str, share: float = 0.1) -> NDArray[np.bool_]:
    """Return a train mask `(n,)` for a set without a published split: all but a share, drawn by the set's name.

    At least one image is held out, unless it is the only one.
    """
    generator = np.random.default_rng(derive_seed(0, "held out", name))
    train = np.ones(n, dtype=bool)
    train[generator.choice(n, size=min(max(1, round(share * n)), n - 1), replace=False)] = False
    return train


class Adapter(Protocol):
    """One dataset: a module-level object in a file of its own."""

    info: DatasetInfo

    def load(self, data_dir: Path | None = None) -> Dataset:
        """Load the dataset, downloading and verifying its files if need be.

        Keyword-only parameters are settings, each with a default: recipes give them in the table `[dataset]`.

        Args:
            data_dir: a folder with the files; by default `DBENCH_DATA`, the user cache, then the mirrors.

        Raises:
            DownloadError: no source has the right file. DataError: a file is damaged.
        """
        ...


class Published(Adapter, Protocol):
    """A dataset whose files have to be downloaded: those that its info declares."""

    def sources(self) -> Iterable[Source]:
        """Return the sources of the files, in the order in which they are tried."""
        ...
