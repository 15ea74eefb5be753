"""Batches of images that stay on the device as uint8."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.errors import SettingError
from disentangle_bench.models.model import ImageRows
from disentangle_bench.seeds import derive_seed

Weights = NDArray[np.float64] | None
"""Of images `(n,)`: how likely each is to be drawn, in relation; None if an epoch shows each once."""


class Batches:
    """Shuffled batches, each a function of seed and number alone, so that a resumed run sees the same ones.

    Args:
        images: `(n, c, h, w)` uint8, on the device of training.
        size: images in a batch over all processes.
        seed: determines the order; each epoch has its own.
        rank: this process.
        world: number of processes; each takes an equal share of every batch.
        weights: by which images are drawn, with replacement.

    Raises:
        SettingError: there are fewer images than that, or the processes cannot share a batch.
    """

    def __init__(
        self, images: Tensor, size: int, seed: int, rank: int = 0, world: int = 1, *, weights: Weights = None
    ) -> None:
        check_size(len(images), size, world)
        self.images, self.size, self.seed, self.weights = images, size, seed, weights
        self.share = slice(rank * size // world, (rank + 1) * size // world)
        self.population, self.per_epoch = len(images), len(images) // size
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int64)

    def at(self, number: int) -> Tensor:
        """Images of one batch (from 1), the share of this process: `(size / world, c, h, w)` float32 in [0, 1]."""
        return self.images[self.rows(number)].float().div_(255)

    def rows(self, number: int) -> Tensor:
        """Which images these are, `(size / world,)`."""
        epoch, batch = divmod(number - 1, self.per_epoch)
        if epoch != self._epoch:
            order = drawn_order(len(self.images), order_generator(self.seed, epoch), self.weights)
            self._order = order.to(self.images.device)
            self._epoch = epoch
        return self._order[batch * self.size : (batch + 1) * self.size][self.share]

    def close(self) -> None:
        """Do nothing: no file is open."""


def order_generator(seed: int, epoch: int) -> torch.Generator:
    """The random generator of an epoch's order."""
    return torch.Generator().manual_seed(derive_seed(seed, "order", epoch))


def drawn_order(n: int, generator: torch.Generator, weights: Weights) -> Tensor:
    """Each of `n` rows once, in random order, or as many draws with replacement by weights `(n,)`."""
    if weights is None:
        return torch.randperm(n, generator=generator)
    reached = torch.from_numpy(np.cumsum(weights))
    places = torch.rand(n, generator=generator, dtype=torch.float64) * reached[-1]
    return torch.searchsorted(reached, places, right=True).clamp_(max=n - 1)


class DrawnRows:
    """Images as often as training draws them, indexed like a tensor.

    Args:
        images: `(n, c, h, w)` uint8.
        rows: `(m,)` of those drawn.
    """

    def __init__(self, images: ImageRows, rows: Tensor) -> None:
        self.images, self.rows = images, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        return self.images[self.rows[rows]]


def check_size(images: int, size: int, world: int) -> None:
    """Check that there are enough images for a batch, and that the processes can share it equally.

    Raises:
        SettingError: too few images, or a size that does not divide.
    """
    if size > images:
        raise SettingError(f"batch_size = {size} exceeds the {images} training images.", "Give a smaller batch_size.")
    if size % world:
        raise SettingError(
            f"batch_size = {size} cannot be shared equally by {world} processes.", f"Give a multiple of {world}."
        )
    if size < 2 * world:
        raise SettingError(
            f"batch_size = {size} leaves each of {world} processes one image, too few for batch statistics.",
            f"Give at least {2 * world}.",
        )
