"""FactorVAE: a VAE whose codes are to be independent, as judged by a second player."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from disentangle_bench.means import Mean
from disentangle_bench.models.model import Draw, Means, Play, Player, Shape
from disentangle_bench.models.networks.autoencoder import initialize_glorot
from disentangle_bench.models.networks.layers import scaled
from disentangle_bench.models.networks.linear import Linear
from disentangle_bench.models.posterior import Posterior
from disentangle_bench.models.vae import VAE, Reconstruction
from disentangle_bench.recipe import Recipe
from disentangle_bench.seeds import derive_seed

LAYERS, UNITS, LEAK = 6, 1000, 0.2
DRAWN, PERMUTED = 0, 1
"""The classes between which the discriminator chooses, in the order of its logits."""


class FactorVAE(VAE):
    """`-E[ln P(x given c)] + sum_i KL_i + gamma TC(c)`: a discriminator estimates the total correlation of the codes.

    It learns to tell codes `c ~ Q(c)` from codes each of which is drawn from `Q(c_i)` on its own, for which those of a
    batch are permuted one by one. Its logits then differ by the log of the ratio of the two densities, whose mean over
    `Q(c)` is the total correlation (eq. 3).

    The codes that are permuted are those of the same batch, as in disentanglement_lib; the paper takes another batch.

    Args:
        recipe, shape, seed, reconstruction: as of `VAE`.
        gamma: the weight of the total correlation.
        another_batch: permute the codes of another batch, as the paper does.
    """

    summary = "FactorVAE: a VAE whose total correlation, estimated by a discriminator, weighs more."
    source = "arXiv:1802.05983, eq. 2 and algorithm 2"

    def __init__(
        self,
        recipe: Recipe,
        shape: Shape,
        seed: int = 0,
        *,
        gamma: float = 30.0,
        another_batch: bool = False,
        reconstruction: Reconstruction = "bernoulli",
    ) -> None:
        super().__init__(recipe, shape, seed, reconstruction=reconstruction)
        self.gamma, self.another_batch = gamma, another_batch
        self.batches = 2 if another_batch else 1
        self.networks["discriminator"] = discriminator(len(self.latents.codes), recipe.networks.width)
        initialize_glorot(self.networks["discriminator"], derive_seed(seed, "weights", "discriminator"))
        self.players["discriminator"] = Player(("discriminator",), optimizer="discriminator")
        self.means = (
            *self.means,
            Mean("total_correlation", label="TC", unit="nats"),
            Mean("discriminator_loss", label="D", unit="nats"),
        )

    def update(self, draw: Draw, play: Play) -> Means:
        """Encoder and decoder move, then the discriminator on the same codes."""
        x = draw.real()
        encoded = self.encode(x, draw, play)
        reconstruction_loss = self.reconstruction_loss(play.decoder(encoded.c), x)
        # min over encoder and decoder of -ELBO + gamma E[ln D(c) - ln(1 - D(c))], the total correlation
        with play.frozen("discriminator") as D:
            logits = D(encoded.c).float()
            TC = (logits[:, DRAWN] - logits[:, PERMUTED]).mean()
            play.minimise("vae", reconstruction_loss + encoded.KL.sum() + self.gamma * TC)

        # max over D of (E[ln D(c)] + E[ln(1 - D(permuted c))]) / 2
        c = encoded.c.detach()
        permuted = permute_codes(self.codes_of_another_batch(draw, play) if self.another_batch else c, draw)
        logits = play.discriminator(torch.cat((c, permuted))).float()
        classes = torch.tensor((DRAWN, PERMUTED), device=c.device).repeat_interleave(len(c))
        D_loss = F.cross_entropy(logits, classes)
        play.minimise("discriminator", D_loss)
        further = {"total_correlation": TC, "discriminator_loss": D_loss}
        return self.report(reconstruction_loss, encoded.KL) | further

    @torch.no_grad()
    def codes_of_another_batch(self, draw: Draw, play: Play) -> Tensor:
        """Codes `(n, d)` drawn from the posterior of further images."""
        q = Posterior.of(play.encoder(draw.real()))
        return q.sample(draw.normal(q.mean.shape[1]))


def permute_codes(c: Tensor, draw: Draw) -> Tensor:
    """Each code `(n, d)` in an order of its own, so that the codes of a row are independent (algorithm 1)."""
    return c.gather(0, draw.normal(c.shape[1]).argsort(dim=0))


def discriminator(codes: int, width: float = 1.0) -> nn.Sequential:
    """Codes `(n, d)` -> the logits of the two classes, `(n, 2)`: six layers of 1,000 units (appendix A)."""
    units, layers = scaled(UNITS, width), []
    for place in range(LAYERS):
        layers += [Linear(units if place else codes, units), nn.LeakyReLU(LEAK, inplace=True)]
    return nn.Sequential(*layers, nn.Linear(units, 2))
