"""beta-VAE: a VAE whose codes pay more for what they say."""

from __future__ import annotations

from torch import Tensor

from disentangle_bench.models.model import Means, Shape
from disentangle_bench.models.vae import VAE, Encoded, Reconstruction
from disentangle_bench.recipe import Recipe


class BetaVAE(VAE):
    """`-E[ln P(x given c)] + beta sum_i KL(Q(c_i given x) || N(0, 1))`.

    Args:
        recipe, shape, seed, reconstruction: as of `VAE`.
        beta: the weight of the KL; 1 gives the VAE.
    """

    summary = "beta-VAE: a VAE whose KL weighs beta times as much."
    source = "Higgins et al. 2017 (openreview Sy2fzU9gl), eq. 4"

    def __init__(
        self,
        recipe: Recipe,
        shape: Shape,
        seed: int = 0,
        *,
        beta: float = 4.0,
        reconstruction: Reconstruction = "bernoulli",
    ) -> None:
        super().__init__(recipe, shape, seed, reconstruction=reconstruction)
        self.beta = beta

    def regularizer(self, encoded: Encoded) -> tuple[Tensor, Means]:
        """`beta sum_i KL_i`."""
        return self.beta * encoded.KL.sum(), {}
