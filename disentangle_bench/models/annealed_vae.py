"""AnnealedVAE: a VAE whose codes are held to a capacity that grows."""

from __future__ import annotations

from torch import Tensor

from disentangle_bench.models.model import Means, Shape
from disentangle_bench.models.vae import VAE, Encoded, Reconstruction
from disentangle_bench.recipe import Recipe


class AnnealedVAE(VAE):
    """`-E[ln P(x given c)] + gamma |sum_i KL(Q(c_i given x) || N(0, 1)) - C|`, where C grows from 0 to `capacity`.

    Args:
        recipe, shape, seed, reconstruction: as of `VAE`.
        gamma: the weight of the distance to the capacity.
        capacity: the last C, in nats.
        annealing_steps: how many steps C takes to get there, in equal steps from 0 at the first update.
    """

    summary = "AnnealedVAE: a VAE whose KL is held to a capacity that grows."
    source = "arXiv:1804.03599, eq. 8"

    def __init__(
        self,
        recipe: Recipe,
        shape: Shape,
        seed: int = 0,
        *,
        gamma: float = 1000.0,
        capacity: float = 25.0,
        annealing_steps: int = 100_000,
        reconstruction: Reconstruction = "bernoulli",
    ) -> None:
        super().__init__(recipe, shape, seed, reconstruction=reconstruction)
        self.gamma, self.capacity, self.annealing_steps = gamma, capacity, max(1, annealing_steps)

    def regularizer(self, encoded: Encoded) -> tuple[Tensor, Means]:
        """`gamma |sum_i KL_i - C|`."""
        C = self.capacity * min(1.0, (encoded.step - 1) / self.annealing_steps)
        return self.gamma * (encoded.KL.sum() - C).abs(), {}
