"""Models that are fitted at once, or not at all, instead of trained step by step: the floors of a benchmark.

A model that does no better than they do has learned nothing that is worth its training.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from disentangle_bench.errors import SettingError
from disentangle_bench.models.batches import as_floats
from disentangle_bench.models.model import Draw, Finished, ImageRows, Means, Model, Play, Shape
from disentangle_bench.models.vae import require_gaussian_codes
from disentangle_bench.recipe import Recipe

MOST_FITTED = 10_000
"""Training images that are fitted, drawn at random if there are more."""


class Fitted(Model):
    """A model without players: its one update does nothing, and `finish` fits it."""

    deterministic = True

    def __init__(self, recipe: Recipe, shape: Shape, seed: int = 0) -> None:
        super().__init__(recipe, shape, seed)
        require_gaussian_codes(recipe, self.latents.noise)
        self.players, self.means = {}, ()

    def update(self, draw: Draw, play: Play) -> Means:
        """Nothing moves."""
        return {}


class LinearCodes(nn.Module):
    """Codes that are linear in the pixels, and the images that they stand for.

    Args:
        codes: how many.
        shape: `(c, h, w)` of the images.

    Attributes:
        mean: `(p,)` of the images.
        analysis: `(d, p)`: codes are `analysis @ (x - mean)`.
        synthesis: `(p, d)`: images are `mean + synthesis @ c`.
    """

    mean: Tensor
    analysis: Tensor
    synthesis: Tensor

    def __init__(self, codes: int, shape: Shape) -> None:
        super().__init__()
        self.shape, pixels = shape, shape[0] * shape[1] * shape[2]
        self.register_buffer("mean", torch.zeros(pixels))
        self.register_buffer("analysis", torch.zeros(codes, pixels))
        self.register_buffer("synthesis", torch.zeros(pixels, codes))

    def forward(self, images: Tensor) -> Tensor:
        """Images `(n, c, h, w)` -> codes `(n, d)`."""
        return (images.flatten(1) - self.mean) @ self.analysis.T

    def images_of(self, codes: Tensor) -> Tensor:
        """Codes `(n, d)` -> images `(n, c, h, w)` in [0, 1]."""
        return (self.mean + codes @ self.synthesis.T).clamp(0, 1).view(-1, *self.shape)


class FittedLinear(Fitted):
    """Codes that are linear in the pixels, uncorrelated and of variance 1 over the images that are fitted."""

    def __init__(self, recipe: Recipe, shape: Shape, seed: int = 0) -> None:
        super().__init__(recipe, shape, seed)
        self.networks = {"codes": LinearCodes(len(self.latents.codes), shape)}

    @abstractmethod
    def fit(self, images: Tensor, seed: int) -> tuple[Tensor, Tensor, str]:
        """Fit images `(n, p)`.

        Returns:
            `analysis` and `synthesis`, and what should be remarked of the fit, if anything.
        """

    def finish(self, images: ImageRows, seed: int) -> Finished:
        """Fit the training images, or 10,000 of them."""
        network = self.networks["codes"]
        fitted = as_floats(drawn(images, seed)).flatten(1).cpu()
        codes = len(self.latents.codes)
        if codes >= min(fitted.shape):
            raise SettingError(
                f"{codes} codes are fitted to {len(fitted)} images of {fitted.shape[1]} pixels.",
                f"Give fewer codes than {min(fitted.shape)}.",
            )
        analysis, synthesis, remark = self.fit(fitted, seed)
        network.load_state_dict({"mean": fitted.mean(dim=0), "analysis": analysis, "synthesis": synthesis})
        return Finished(remark=remark)

    def parts(self) -> dict[str, Callable[[Tensor], Tensor]]:
        """Codes are turned into images, and images into codes with a posterior that is a point."""
        network = self.networks["codes"]
        assert isinstance(network, LinearCodes)
        return {"generator": network.images_of, "encoder": lambda images: as_points(network(images))}


def drawn(images: ImageRows, seed: int) -> Tensor:
    """Up to 10,000 of the images, `(n, c, h, w)`."""
    if len(images) <= MOST_FITTED:
        return images[slice(None)]
    generator = torch.Generator().manual_seed(seed)
    return images[torch.randperm(len(images), generator=generator)[:MOST_FITTED].sort().values]


def as_points(codes: Tensor) -> Tensor:
    """Codes `(n, d)` in the form of a posterior's parameters `(n, 2 d)`: mean and ln sigma of each, sigma next to 0."""
    return torch.stack((codes, torch.full_like(codes, -torch.inf)), dim=2).flatten(1)
