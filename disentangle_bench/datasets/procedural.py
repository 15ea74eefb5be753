"""Procedural datasets: each image is computed from its factors when it is needed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.formats.resizing import require_size
from disentangle_bench.datasets.grid import grid_dataset
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.datasets.images import LazyImages

MOST_PIXELS = 256
"""Along an edge; a larger image would take seconds to draw."""
MOST_KEPT_BYTES = 2**29

Draw = Callable[[tuple[int, ...]], NDArray[np.uint8]]
"""The classes of an image, one for each factor -> the image `(c, h, w)`. It can be pickled."""


class ProceduralImages(LazyImages):
    """A whole grid of factors, the first factor slowest, as images that follow from their classes alone.

    An image is drawn when it is first needed, and then kept if there is room for all of them in some hundred megabytes:
    memory is taken as it fills. A copy for another process starts empty.

    Args:
        factors: each with a size.
        shape: `(c, h, w)`.
        draw: draws one image.
    """

    def __init__(self, factors: Sequence[Factor], shape: tuple[int, int, int], draw: Draw) -> None:
        self.sizes = tuple(factor.size or 1 for factor in factors)
        self.shape = (math.prod(self.sizes), *shape)
        self.kept = math.prod(self.shape) <= MOST_KEPT_BYTES
        self.draw = draw

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the images of these rows, each drawn by itself, so that none depends on the others."""
        if not self.kept:
            return self._drawn(rows)
        drawn, images = self._store
        absent = np.unique(rows[~drawn[rows]])
        images[absent] = self._drawn(absent)
        drawn[absent] = True  # only now: another thread may be reading
        return images[rows]

    def _drawn(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        images = np.empty((len(rows), *self.shape[1:]), np.uint8)
        for image, classes in zip(images, np.stack(np.unravel_index(rows, self.sizes), 1).tolist(), strict=True):
            image[:] = self.draw(tuple(classes))
        return images

    @cached_property
    def _store(self) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
        """Which images are drawn, and the images."""
        return np.zeros(len(self), bool), np.zeros(self.shape, np.uint8)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_store"}


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
    images = ProceduralImages(info.factors, (channels, size, size), draw)
    return grid_dataset(replace(info, title=title, shape=images.shape[1:]), images, grid(info.factors))
