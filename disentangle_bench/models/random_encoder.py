"""An encoder as it is before training: what the architecture alone gives away."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from disentangle_bench.models.fitted import Fitted, as_points
from disentangle_bench.models.model import Shape
from disentangle_bench.models.networks.autoencoder import find_autoencoder, initialize_glorot
from disentangle_bench.recipe import Recipe
from disentangle_bench.seeds import derive_seed


class RandomEncoder(Fitted):
    """The means of a VAE's encoder with the weights that a VAE of the same seed starts with."""

    summary = "Random encoder, a floor: the encoder of a VAE before its first step."
    source = "initialization of arXiv:1811.12359"
    scales_with_width = True

    def __init__(self, recipe: Recipe, shape: Shape, seed: int = 0) -> None:
        super().__init__(recipe, shape, seed)
        pair = find_autoencoder(recipe.networks.name, shape, recipe.dataset.name)
        encoder = pair.encoder(len(self.latents.codes), recipe.networks.width)
        initialize_glorot(encoder, derive_seed(seed, "weights", "encoder"))
        self.networks = {"encoder": encoder.requires_grad_(False)}

    def parts(self) -> dict[str, Callable[[Tensor], Tensor]]:
        """Images are turned into codes; there is no generator."""
        encoder = self.networks["encoder"]
        return {"encoder": lambda images: as_points(encoder(images)[:, 0::2])}
