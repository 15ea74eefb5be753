"""Updates of a model outside the training loop, on images and latents that depend on the step alone."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from disentangle_bench.latents import Latents
from disentangle_bench.models.model import Draw, Means, Model, Play
from disentangle_bench.models.optimizers import make_optimizers

SHAPE = (1, 8, 8)
BATCH = 16
CPU = torch.device("cpu")


class Noise:
    """Batches of random images."""

    population = 1000

    def __init__(self, size: int = BATCH, share: slice = slice(None)) -> None:
        self.size, self.share = size, share

    def at(self, number: int) -> Tensor:
        return torch.rand(self.size, *SHAPE, generator=torch.Generator().manual_seed(100 + number))[self.share]


class NoiseNeighbors:
    """Random images in place of those that are most like a batch's."""

    def at(self, number: int, u: Tensor) -> Tensor:
        return Noise().at(5000 + number)


class NoisePairs:
    """Pairs and groups of random images."""

    def at(self, seed: int, k: int | None) -> tuple[Tensor, Tensor]:
        first, second = torch.rand(2, BATCH, *SHAPE, generator=torch.Generator().manual_seed(seed))
        return first, second

    def group(self, seed: int) -> tuple[Tensor, int, int]:
        return torch.rand(BATCH, *SHAPE, generator=torch.Generator().manual_seed(seed)), seed % 3, 3


class Updates:
    """A model's updates, with its optimizers at hand."""

    def __init__(self, model: Model, backward: Callable[[Tensor], object] = Tensor.backward) -> None:
        self.model = model
        self.optimizers = make_optimizers(model)
        self.play = Play(model.networks, model.networks, self.optimizers, backward)

    def __call__(self, step: int = 1) -> Means:
        return self.model.update(draw(self.model, step), self.play)


def draw(model: Model, step: int = 1) -> Draw:
    pairs, neighbors = NoisePairs() if model.paired else None, NoiseNeighbors() if model.neighbors else None
    return Draw(model, Noise(), CPU, seed=0, step=step, pairs=pairs, neighbors=neighbors)


def real_images(step: int = 1) -> Tensor:
    """What `draw.real()` gives first."""
    return Noise().at(step)


def latents_of(model: Model, step: int = 1) -> Latents:
    """What `draw.latents()` gives first."""
    return draw(model, step).latents()
