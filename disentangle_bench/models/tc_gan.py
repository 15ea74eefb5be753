"""TC-GAN: an InfoGAN whose Q is to read codes that are independent of each other."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from disentangle_bench.latents import Categorical
from disentangle_bench.means import Mean
from disentangle_bench.models.factor_vae import DRAWN, PERMUTED, discriminator
from disentangle_bench.models.games import GameName
from disentangle_bench.models.gan import NotNegative
from disentangle_bench.models.infogan import InfoGAN
from disentangle_bench.models.model import Draw, Means, Play, Player, Shape
from disentangle_bench.models.networks.autoencoder import initialize_glorot
from disentangle_bench.recipe import Recipe
from disentangle_bench.seeds import derive_seed


class TCGAN(InfoGAN):
    """InfoGAN with the total correlation of the codes that Q reads from generated images, as in FactorVAE.

        min over D, Q of  -V(D, G) - sum_i lambda_i L_I(c_i) + gamma TC(c')
        min over G    of   V(D, G) - sum_i lambda_i L_I(c_i) + gamma TC(c'),    c' = Q(G(z, c))

    A third player learns to tell readings c' from those whose codes are permuted over the batch one by one. Its logits
    then differ by the log of the ratio of the two densities, whose mean over c' is the total correlation
    (arXiv:1802.05983, eq. 3).

    From the paper are the two terms and their weights, 0.1 and 0.001. Its authors' program
    (github.com/wangruoyu1126/TC-GAN, `train_factorvae.py`, commit 378727b) differs from what is done here:

    - D and its trunk learn from the game alone, with labels of real images drawn from U(0.7, 1.2); Q's own layers learn
      with G, by G's optimizer. Here `L_I` and TC reach the trunk too, as in InfoGAN.
    - TC is that of samples from Q, of continuous codes alone. Here it is that of means, and of the probabilities of
      categorical codes.
    - What is permuted is read from other fakes. The loss of the third player is not detached from G and Q, which follow
      its gradient as well as that of TC, its opposite. Here it moves the third player alone.
    - The third player has five hidden layers, normal weights of sd 0.02, and Adam with 1e-3, 0.5, 0.999. Here it is
      FactorVAE's discriminator and optimizer.
    - The 0.1 of the paper multiplies a loss of continuous codes that is already taken times 0.1. Here it is their
      lambda.

    The learning rates of D and G, 2e-3 and 1e-3, the spectral norm and, on dSprites, the 5 + 5 latents are those of
    InfoGAN-CR's program in both. The program has a second way to TC, from minibatches as in beta-TCVAE; it is not here.

    Args:
        recipe: sizes, weights and learning rates.
        shape: `(c, h, w)` of the dataset's images.
        seed: determines the initial weights.
        game: what D and G minimize.
        gamma: the weight of the total correlation.
    """

    summary = "TC-GAN: an InfoGAN that keeps the total correlation of Q's readings low."
    source = "arXiv:2409.02672; arXiv:1802.05983, eq. 3, for the total correlation"

    def __init__(
        self, recipe: Recipe, shape: Shape, seed: int = 0, *, game: GameName = "nsgan", gamma: NotNegative = 0.001
    ) -> None:
        super().__init__(recipe, shape, seed, game=game)
        self.gamma = gamma
        TC = discriminator(sum(code.width for code in self.latents.codes), recipe.networks.width)
        initialize_glorot(TC, derive_seed(seed, "weights", "TC"))
        self.networks["TC"] = TC
        self.players["TC"] = Player(("TC",), optimizer="TC")
        self.means = (
            *self.means,
            Mean("total_correlation", label="TC", unit="nats"),
            Mean("correlation_loss", label="D_TC", unit="nats"),
        )

    def update(self, draw: Draw, play: Play) -> Means:
        """D and Q move, then G on the same fakes, then the discriminator of readings on what Q read."""
        for _ in range(self.discriminator_steps):
            x = draw.real()
            c, fake = self.fakes(play, draw)
            # min over D and Q of -V(D, G) - sum_i lambda_i L_I(c_i) + gamma TC, on fakes that do not lead back to G
            real_logits, _ = play.D(x, with_q=False)
            fake_logits, q = play.D(fake.detach())
            L_I = self.bounds(c, q)
            D_loss = self.game.D_loss(real_logits, fake_logits) + self.penalty(draw, x, fake)
            with play.frozen("TC") as TC:
                total_correlation = density_ratio(TC(torch.cat(self.readings(q), dim=1)))
                play.minimise("D", D_loss - self.weigh(L_I, draw.step) + self.gamma * total_correlation)
            self.constrain()

        # min over G of V(D, G) - sum_i lambda_i L_I(c_i) + gamma TC, through D, Q and TC but not into them
        with play.frozen("D") as D, play.frozen("TC") as TC:
            fake_logits, q = D(fake)
            G_loss = self.game.G_loss(fake_logits)
            regularizer = self.gamma * density_ratio(TC(torch.cat(self.readings(q), dim=1)))
            play.minimise("G", G_loss - self.weigh(self.bounds(c, q), draw.step) + regularizer)

        # min over TC of the cross-entropy of readings as they are and permuted
        readings = [reading.detach() for reading in self.readings(q)]
        orders = draw.normal(len(readings)).argsort(dim=0).unbind(dim=1)
        permuted = [reading[order] for reading, order in zip(readings, orders, strict=True)]
        logits = play.TC(torch.cat([torch.cat(rows, dim=1) for rows in (readings, permuted)])).float()
        classes = torch.tensor((DRAWN, PERMUTED), device=logits.device).repeat_interleave(len(fake))
        correlation_loss = F.cross_entropy(logits, classes)
        play.minimise("TC", correlation_loss)
        return self.report(D_loss, G_loss, L_I, torch.stack((total_correlation, correlation_loss)))

    def readings(self, q: Tensor) -> list[Tensor]:
        """What Q, by its outputs `(n, p)`, reads of each code: probabilities `(n, k)`, or else a mean `(n, 1)`."""
        parts = zip(self.latents.codes, self.latents.split(q), strict=True)
        return [
            part.float().softmax(dim=1) if isinstance(code, Categorical) else part[:, :1].float()
            for code, part in parts
        ]


def density_ratio(logits: Tensor) -> Tensor:
    """The total correlation of readings, `E[ln p(c') - sum_i ln p(c'_i)]` in nats, by their logits `(n, 2)`."""
    return (logits[:, DRAWN] - logits[:, PERMUTED]).float().mean()
