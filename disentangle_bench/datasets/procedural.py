"""Procedural datasets: each image is computed from its factors when it is needed."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets import rendering
from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.files.places import cache_folder
from disentangle_bench.datasets.formats.resizing import require_size
from disentangle_bench.datasets.grid import grid_dataset
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.datasets.images import LazyImages
from disentangle_bench.datasets.prepared.as_drawn import InFile, InMemory, Keeping
from disentangle_bench.errors import StorageError
from disentangle_bench.storage import sha256

MOST_PIXELS = 256
"""Along an edge; a larger image would take seconds to draw."""
MOST_KEPT_BYTES = 2**29
"""In memory."""
MOST_FILED_BYTES = 2**31

Draw = Callable[[tuple[int, ...]], NDArray[np.uint8]]
"""The classes of an image, one for each factor -> the image `(c, h, w)`. It can be pickled."""


class ProceduralImages(LazyImages):
    """A whole grid of factors, the first factor slowest, as images that follow from their classes alone.

    An image is drawn when it is first needed, and then kept: in a file of the cache that all processes share, or in
    memory where that cannot be written. Of sets for which gigabytes would be needed, each image is drawn anew.

    Args:
        factors: each with a size.
        shape: `(c, h, w)`.
        draw: draws one image.
        file: in which the images are kept; by default in none.
    """

    def __init__(
        self, factors: Sequence[Factor], shape: tuple[int, int, int], draw: Draw, file: Path | None = None
    ) -> None:
        self.sizes = tuple(factor.size or 1 for factor in factors)
        self.shape = (math.prod(self.sizes), *shape)
        self.draw, self.file = draw, file

    @property
    def kept(self) -> bool:  # type: ignore[override]
        """Whether an image is drawn but once."""
        return self.keeping is not None

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the images of these rows, each drawn by itself, so that none depends on the others."""
        if self.keeping is None:
            return self._drawn(rows)
        distinct, places = np.unique(rows, return_inverse=True)
        images, there = self.keeping.find(distinct)
        if not there.all():
            images[~there] = self._drawn(distinct[~there])
            self.keeping.keep(distinct[~there], images[~there])
        return images[places]

    def _drawn(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        images = np.empty((len(rows), *self.shape[1:]), np.uint8)
        for image, classes in zip(images, np.stack(np.unravel_index(rows, self.sizes), 1).tolist(), strict=True):
            image[:] = self.draw(tuple(classes))
        return images

    @cached_property
    def keeping(self) -> Keeping | None:
        """Where drawn images are kept; None if each is drawn whenever it is read."""
        if self.file is not None and math.prod(self.shape) <= MOST_FILED_BYTES:
            with suppress(StorageError):
                return InFile(self.file, self.shape)
        return InMemory(self.shape) if math.prod(self.shape) <= MOST_KEPT_BYTES else None

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "keeping"}


def procedural_dataset(info: DatasetInfo, size: int, draw: Draw) -> Dataset:
    """Return the dataset of a whole grid; a tenth of the images, drawn at random by its name, is its test split.

    Args:
        info: at the default size, which the title states.
        size: pixels along an image's edge.
        draw: draws one image of that size.

    Raises:
        SettingError: a size out of range.
    """
    require_size(size, MOST_PIXELS, info.name)
    channels, *usual = info.shape
    title = info.title.replace("x".join(map(str, usual)), f"{size}x{size}")
    images = ProceduralImages(info.factors, (channels, size, size), draw, _file(info, size, draw))
    return grid_dataset(replace(info, title=title, shape=images.shape[1:]), images, grid(info.factors))


def _file(info: DatasetInfo, size: int, draw: Draw) -> Path | None:
    """The file of drawn images, named by all that may change a pixel: this package's program, and NumPy.

    None of a plug-in's images, whose program may lie in any number of files.
    """
    module = sys.modules[getattr(draw, "func", draw).__module__]
    if module.__name__.partition(".")[0] != __name__.partition(".")[0]:
        return None
    sources = [Path(str(module.__file__)), *sorted(Path(rendering.__file__).parent.glob("*.py"))]
    program = "".join(map(sha256, sources)) + repr(info.factors) + np.__version__
    return cache_folder(info.name) / f"drawn-{size}-{hashlib.sha256(program.encode()).hexdigest()[:16]}.images"
