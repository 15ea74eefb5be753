"""The VAE (arXiv:1312.6114), and what the models that only regularize it differently have in common."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from disentangle_bench.errors import SettingError
from disentangle_bench.latents import Gaussian
from disentangle_bench.means import Mean
from disentangle_bench.models.model import Draw, LogEntries, Means, Model, Play, Player, Shape, Watched
from disentangle_bench.models.networks.autoencoder import find_autoencoder, initialize_glorot
from disentangle_bench.models.posterior import Posterior
from disentangle_bench.models.recipes import full_length
from disentangle_bench.recipe import Recipe
from disentangle_bench.seeds import derive_seed

Reconstruction = Literal["bernoulli", "gaussian"]
INACTIVE = 0.01
"""Nats of KL under which the images say nothing of a code."""


@dataclass(frozen=True)
class Encoded:
    """A batch that went through a VAE.

    Attributes:
        q: the posterior of each image.
        c: codes drawn from it, `(n, d)`.
        KL: of each code to its prior, the mean over the batch, `(d,)` in nats.
        step: of the update, from 1.
        population: how many training images there are.
    """

    q: Posterior
    c: Tensor
    KL: Tensor
    step: int
    population: int


class VAE(Model):
    """Encoder and decoder maximize the ELBO, `E[ln P(x given c)] - sum_i KL(Q(c_i given x) || N(0, 1))`.

    A model that differs in what it adds to the reconstruction loss overrides `regularizer`.

    Args:
        recipe: sizes and learning rates.
        shape: `(c, h, w)` of the dataset's images.
        seed: determines the initial weights.
        reconstruction: `P(x given c)`: each pixel Bernoulli, or Gaussian around the decoder's output with a variance of
            1/2, whose loss is the sum of squared errors, as in disentanglement_lib, and a constant.
    """

    summary = "VAE: its latent dimensions are the codes."
    source = "arXiv:1312.6114, eq. 10"
    scales_with_width = True

    def __init__(
        self, recipe: Recipe, shape: Shape, seed: int = 0, *, reconstruction: Reconstruction = "bernoulli"
    ) -> None:
        super().__init__(recipe, shape, seed)
        require_gaussian_codes(recipe, self.latents.noise)
        self.reconstruction = reconstruction
        pair = find_autoencoder(recipe.networks.name, shape, recipe.dataset.name)
        codes = len(self.latents.codes)
        self.networks = {
            "encoder": pair.encoder(codes, recipe.networks.width),
            "decoder": pair.decoder(codes, recipe.networks.width),
        }
        for name, network in self.networks.items():
            initialize_glorot(network, derive_seed(seed, "weights", name))
        self.players = {"vae": Player(("encoder", "decoder"), optimizer="vae")}
        self.means = (
            Mean("reconstruction_loss", label="reconstruction", unit="nats"),
            *(Mean(name, "KL", unit="nats") for name in self.latents.names),
        )

    def regularizer(self, encoded: Encoded) -> tuple[Tensor, Means]:
        """What is added to the reconstruction loss, and what else of it is to be reported."""
        return encoded.KL.sum(), {}

    def update(self, draw: Draw, play: Play) -> Means:
        """One step up the evidence lower bound, or down from the regularizer that stands for its second part."""
        x = draw.real()
        encoded = self.encode(x, draw, play)
        reconstruction_loss = self.reconstruction_loss(play.decoder(encoded.c), x)
        regularizer, further = self.regularizer(encoded)
        # min over encoder and decoder of -E[ln P(x given c)] + the regularizer
        play.minimise("vae", reconstruction_loss + regularizer)
        return self.report(reconstruction_loss, encoded.KL) | further

    def encode(self, x: Tensor, draw: Draw, play: Play) -> Encoded:
        """The posterior of images, and codes drawn from it."""
        q = Posterior.of(play.encoder(x))
        return Encoded(q, q.sample(draw.normal(q.mean.shape[1])), q.divergence(), draw.step, draw.population)

    def reconstruction_loss(self, logits: Tensor, x: Tensor) -> Tensor:
        """`-E[ln P(x given c)]` in nats, the mean over images, from the decoder's output for `c`."""
        logits = logits.float()
        if self.reconstruction == "bernoulli":
            return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
        return F.mse_loss(logits.sigmoid(), x, reduction="sum") / len(x) + 0.5 * math.log(math.pi) * x[0].numel()

    def report(self, reconstruction_loss: Tensor, KL: Tensor) -> Means:
        """The means of an update by their keys."""
        names = (f"KL/{name}" for name in self.latents.names)
        return {"reconstruction_loss": reconstruction_loss, **dict(zip(names, KL, strict=True))}

    def watch(self, log: LogEntries) -> Watched:
        """Posterior collapse: the images say nothing of any code; of some codes that is usual, and remarked."""
        KL = log[-1]["KL"]
        inactive = [name for name, value in KL.items() if value < INACTIVE]
        if len(inactive) < len(KL):
            return Watched(remark=f"{', '.join(inactive)} inactive" if inactive else "")
        late = log[-1]["step"] >= max(self.recipe.steps, full_length(self.recipe))
        return Watched.judged(f"KL of every code is under {INACTIVE:g} nats: posterior collapse", is_failure=late)

    def parts(self) -> dict[str, Callable[[Tensor], Tensor]]:
        """The decoder generates; the encoder reads generated and real images alike."""
        encoder, decoder = self.networks["encoder"], self.networks["decoder"]
        return {"generator": lambda c: torch.sigmoid(decoder(c)), "posterior": encoder, "encoder": encoder}


def require_gaussian_codes(recipe: Recipe, noise: int) -> None:
    """Check that all latents are codes with a standard normal prior, as a VAE's are.

    Raises:
        SettingError: there is noise, or a code of another kind or with a fixed sigma.
    """
    spec = recipe.latent_spec()
    wrong = [code.name for code in spec.codes if not isinstance(code, Gaussian) or code.sigma is not None]
    if noise or wrong:
        found = f"{noise} noise variables" if noise else f"codes that are not Gaussian ({', '.join(wrong)})"
        raise SettingError(
            f"{recipe.model.name} has {found}; the latents of a VAE are codes with a standard normal prior.",
            'Give latents.noise = 0 and codes of kind = "gaussian" without sigma.',
        )
