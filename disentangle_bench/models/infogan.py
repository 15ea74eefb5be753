"""InfoGAN (arXiv:1606.03657): a GAN whose codes stay readable from its images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from disentangle_bench.errors import UnknownNameError
from disentangle_bench.latents import Latents
from disentangle_bench.models.games import OBJECTIVES
from disentangle_bench.models.networks import find_pair
from disentangle_bench.models.networks.layers import initialise
from disentangle_bench.models.optimizers import make_optimizer
from disentangle_bench.recipe import Recipe
from disentangle_bench.seeds import derive_seed


@dataclass(frozen=True)
class Losses:
    """What one update saw, detached: losses, `L_I` of each code in nats, Q's output `(n, p)` on the fakes."""

    discriminator: Tensor
    generator: Tensor
    information: Tensor
    parameters: Tensor


class InfoGAN:
    """G, D and Q, their optimisers, and the update step of the paper.

    D and Q share a trunk, so they are one module, `D`. The training loop sets the optimisers and replaces `G` and `D`
    by wrapped ones (precision, many processes); `critic` stays the bare D, through which G's gradient passes.

    Args:
        recipe: sizes, weights and learning rates.
        shape: `(c, h, w)` of the dataset's images.
        seed: determines the initial weights.
    """

    summary = "GAN whose codes stay readable: L_I of every code is part of the game."
    source = "arXiv:1606.03657, eq. 6"
    rewards_information = True

    def __init__(self, recipe: Recipe, shape: tuple[int, int, int], seed: int = 0) -> None:
        pair = find_pair(recipe.networks.name, shape, recipe.dataset.name)
        self.recipe = recipe
        self.latents = recipe.latent_spec()
        self.objective = OBJECTIVES[_game(recipe)]
        self.G: Any = pair.generator(self.latents.width, recipe.networks.width)
        self.D: Any = pair.discriminator(sum(self.latents.parameters), recipe.networks.width)
        self.critic: nn.Module = self.D
        self.D_optimizer: Any = None
        self.G_optimizer: Any = None
        parts = {"G": self.G, "trunk": self.D.trunk, "head": self.D.head, "Q": self.D.recogniser}
        for name, network in parts.items():
            initialise(network, derive_seed(seed, "weights", name))

    def optimizers(self) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
        """The optimizer of D with Q, and that of G."""
        D_optimizer = make_optimizer(self.recipe, "D", self.D.parameters())
        return D_optimizer, make_optimizer(self.recipe, "G", self.G.parameters())

    def update(self, real: Tensor, latents: Latents, backward: Callable[[Tensor], Any]) -> Losses:
        """One step of the game: D and Q, then G on the same fakes.

        Args:
            real: `(n, c, h, w)` in [0, 1].
            latents: `n` rows on the same device.
            backward: accumulates the gradients of a loss.
        """
        fake = self.G(self.latents.pack(latents))

        # min over D and Q of -V(D, G) - sum_i lambda_i L_I(c_i), on fakes that do not lead back to G
        real_logits, _ = self.D(real, recognise=False)
        fake_logits, parameters = self.D(fake.detach(), detach=not self.rewards_information)
        information = self._information(latents, parameters)
        D_loss = self.objective.discriminator(real_logits, fake_logits)
        self.D_optimizer.zero_grad()
        backward(D_loss - self._weighted(information))
        self.D_optimizer.step()

        # min over G of V(D, G) - sum_i lambda_i L_I(c_i), through D and Q but not into them
        with frozen(self.critic):
            fake_logits, parameters_for_G = self.critic(fake, recognise=self.rewards_information)
            G_loss = G_total = self.objective.generator(fake_logits)
            if self.rewards_information:
                G_total = G_loss - self._weighted(self._information(latents, parameters_for_G))
            self.G_optimizer.zero_grad()
            backward(G_total)
        self.G_optimizer.step()
        return Losses(D_loss.detach(), G_loss.detach(), information.detach(), parameters.detach())

    def _information(self, latents: Latents, parameters: Tensor) -> Tensor:
        """`L_I` of each code, `(codes,)`, in nats."""
        return torch.stack(self.latents.mutual_information_bounds(latents, self.latents.split(parameters)))

    def _weighted(self, information: Tensor) -> Tensor:
        weights = torch.tensor([code.weight for code in self.latents.codes], device=information.device)
        return (weights * information).sum()


def _game(recipe: Recipe) -> str:
    settings = {"game": "nsgan", **recipe.model.settings}
    for key in settings.keys() - {"game"}:
        raise UnknownNameError(f"setting of the model {recipe.model.name!r}", key, ["game"])
    game = str(settings["game"])
    if game not in OBJECTIVES:
        raise UnknownNameError("game", game, OBJECTIVES)
    return game


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Let gradients pass through a network without leaving any on its parameters."""
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    network.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
