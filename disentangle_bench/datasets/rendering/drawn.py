"""Images that are drawn when they are asked for, each by its factors."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo, held_out
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.datasets.images import LazyImages
from disentangle_bench.errors import SettingError
from disentangle_bench.representation.variables import Variables

SIZES = (8, 256)
"""Pixels along an edge; a larger image would take seconds to draw."""
MOST_KEPT_BYTES = 2**29


class DrawnImages(LazyImages):
    """A whole grid of factors, the first factor slowest, as images that follow from their classes alone.

    An image is drawn when it is first asked for, and then kept if all of them have room in some hundred megabytes:
    memory is taken as it fills. A copy for another process begins anew.

    Args:
        factors: each with a size.
        shape: `(c, h, w)`.
    """

    def __init__(self, factors: Sequence[Factor], shape: tuple[int, int, int]) -> None:
        self.sizes = tuple(factor.size or 1 for factor in factors)
        self.shape = (math.prod(self.sizes), *shape)
        self.kept = math.prod(self.shape) <= MOST_KEPT_BYTES

    @abstractmethod
    def draw(self, classes: tuple[int, ...]) -> NDArray[np.uint8]:
        """The image `(c, h, w)` with these classes, one for each factor."""

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images of these rows, each drawn by itself, so that none depends on its company."""
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


def checked_size(name: str, size: int) -> int:
    """A size of images that can be drawn.

    Raises:
        SettingError: it is out of range.
    """
    least, most = SIZES
    if not least <= size <= most:
        raise SettingError(f"{name} cannot be drawn at a size of {size}.", f"Give a size from {least} to {most}.")
    return size


def drawn_dataset(info: DatasetInfo, images: DrawnImages) -> Dataset:
    """The dataset of a whole grid; a tenth of the images, drawn by its name, is its test split.

    Args:
        info: at the usual size, which the title says.
        images: of any size.
    """
    (_, *usual), (_, *edges) = info.shape, images.shape[1:]
    title = info.title.replace("x".join(map(str, usual)), "x".join(map(str, edges)))
    info = replace(info, title=title, shape=images.shape[1:])
    names, kinds = [factor.name for factor in info.factors], [factor.kind for factor in info.factors]
    factors = Variables.wrap(grid(info.factors), names=names, kinds=kinds)
    return Dataset(info, images, factors, held_out(info.images, info.name))
