"""A VAE, whose codes are its latent dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from disentangle_bench.means import Mean
from disentangle_bench.models.model import Draw, Means, Model, Play, Player, Shape
from disentangle_bench.recipe import Recipe


class DotsVAE(Model):
    """Encoder and decoder of one hidden layer each.

    Args:
        recipe: the codes, and how the optimizers move.
        shape: `(c, h, w)` of the dataset's images.
        seed: determines the initial weights.
        beta: weight of the KL divergence. Keyword-only parameters are settings: `--set model.beta=4`.
        hidden: units of the hidden layers.
    """

    summary = "VAE with one hidden layer: the codes are its latent dimensions."
    source = "arXiv:1312.6114, eq. 10"
    recipe_defaults = {  # noqa: RUF012 - its half of a recipe, as in models/NAME.toml
        "title": "VAE with one hidden layer",
        "model": {"beta": 1.0, "hidden": 64},
        "latents": {"noise": 0, "codes": [{"kind": "gaussian"}] * 4},
        "optimizer": {"vae": {"kind": "adam", "lr": 1e-3}},
    }

    def __init__(self, recipe: Recipe, shape: Shape, seed: int = 0, *, beta: float = 1.0, hidden: int = 64) -> None:
        super().__init__(recipe, shape, seed)
        self.beta = beta
        pixels, codes = math.prod(shape), len(self.latents.codes)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            encoder = nn.Sequential(nn.Flatten(), nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, 2 * codes))
            decoder = nn.Sequential(
                nn.Linear(codes, hidden), nn.ReLU(), nn.Linear(hidden, pixels), nn.Sigmoid(), nn.Unflatten(1, shape)
            )
        self.networks = {"encoder": encoder, "decoder": decoder}
        self.players = {"vae": Player(("encoder", "decoder"), optimizer="vae")}
        self.means = (
            Mean("reconstruction_loss", label="reconstruction"),
            *(Mean(code.name, "KL", unit="nats") for code in self.latents.codes),
        )

    def update(self, draw: Draw, play: Play) -> Means:
        """Take one step up the evidence lower bound."""
        x = draw.real()
        # encode to (mean, ln sigma) of each code, and draw c ~ Q(c given x)
        mean, log_sigma = play.encoder(x).unflatten(1, (-1, 2)).unbind(2)
        c = mean + log_sigma.exp() * draw.normal(mean.shape[1])
        # min over both of -E[ln P(x given c)] + beta KL(Q(c given x) || N(0, 1))
        reconstruction_loss = F.binary_cross_entropy(play.decoder(c), x, reduction="sum") / len(x)
        KL = ((mean.square() + torch.exp(2 * log_sigma) - 1) / 2 - log_sigma).mean(dim=0)
        play.minimise("vae", reconstruction_loss + self.beta * KL.sum())
        names = (f"KL/{name}" for name in self.latents.names)
        return {"reconstruction_loss": reconstruction_loss, **dict(zip(names, KL, strict=True))}

    def parts(self) -> dict[str, Callable[[Tensor], Tensor]]:
        """Offer to metrics what the trained networks do."""
        encoder, decoder = self.networks["encoder"], self.networks["decoder"]
        return {"generator": decoder, "posterior": encoder, "encoder": encoder}
