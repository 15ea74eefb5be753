"""A generator, real images and a classifier with known answers: an image is its own features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from disentangle_bench.latents import Latents, LatentSpec, Uniform

WIDTH = 6


class Pixels:
    """A classifier whose features are the pixels."""

    def __call__(self, images: Tensor) -> Tensor:
        return (images.flatten(1)[:, 0] > 0.5).long()

    def features(self, images: Tensor) -> Tensor:
        return images.flatten(1)


class World:
    """Images `(n, 1, 1, 6)` of pixels uniform on [0, 1], of which the first two are always equal."""

    latents = LatentSpec(WIDTH - 1, (Uniform(),))
    classifier = Pixels()

    def paint(self, latents: Latents) -> Tensor:
        """A perfect generator."""
        pixels = (torch.cat([latents.codes[0][:, None], latents.noise], dim=1) + 1) / 2
        return torch.cat([pixels[:, :1], pixels[:, :1], pixels[:, 2:]], dim=1)[:, None, None, :]

    def repeat(self, latents: Latents) -> Tensor:
        """A generator that has collapsed to one image."""
        return torch.full((len(latents), 1, 1, WIDTH), 0.5)

    def real(self, samples: int, seed: int = 7) -> np.ndarray:
        """Real images: uint8 `(n, 1, 1, 6)`."""
        drawn = self.latents.sample(samples, torch.Generator().manual_seed(seed))
        return np.rint(self.paint(drawn).numpy() * 255).astype(np.uint8)

    def parts(self, samples: int, **changed: Any) -> dict[str, Any]:
        """The parts that the distances need."""
        return {
            "generator": self.paint,
            "latents": self.latents,
            "images": self.real(samples),
            "classifier": self.classifier,
            **changed,
        }


@pytest.fixture
def world() -> World:
    return World()
