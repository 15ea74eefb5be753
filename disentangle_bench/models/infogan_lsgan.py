"""The widely copied PyTorch port of InfoGAN: least squares, and a player of its own for the information term."""

from __future__ import annotations

import math
from typing import Annotated, cast

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from disentangle_bench.latents import Categorical, LatentSpec
from disentangle_bench.models.infogan import InfoGAN
from disentangle_bench.models.model import Draw, Means, Play, Player, Shape
from disentangle_bench.models.networks.layers import Discriminator
from disentangle_bench.models.networks.upsampling import dropout_discriminator, upsampling_generator
from disentangle_bench.recipe import Recipe
from disentangle_bench.seeds import derive_seed


class InfoGANLSGAN(InfoGAN):
    """G and D play least squares; G, the trunk and Q then raise L_I together, on images of their own.

    As in `implementations/infogan` of PyTorch-GAN, with its two mistakes put right. With a sigma of `sqrt(1/2)`, what a
    continuous code adds to the loss is the port's squared error.

    Args:
        recipe: sizes, weights and learning rates.
        shape: `(c, h, w)` of the dataset's images, with sides that are multiples of 4.
        seed: determines the initial weights.
        softmax_before_cross_entropy: the port's first mistake: probabilities are taken for logits, so that `L_I` of ten
            categories cannot exceed 0.84 of 2.30 nats.
        batch_norm_epsilon: 0.8 is the port's second mistake, a momentum in the place of the epsilon: features with a
            variance under 0.8 are hardly normalized.
    """

    summary = "InfoGAN with least squares and a third optimizer for L_I, a widely copied PyTorch port."
    source = "github.com/eriklindernoren/PyTorch-GAN, implementations/infogan"

    def __init__(
        self,
        recipe: Recipe,
        shape: Shape,
        seed: int = 0,
        *,
        softmax_before_cross_entropy: bool = False,
        batch_norm_epsilon: Annotated[float, Field(gt=0)] = 1e-5,
    ) -> None:
        super().__init__(recipe, shape, seed, game="lsgan")
        G, D = self.networks["G"], cast("Discriminator", self.networks["D"])
        initialize_linear(nn.ModuleList([G, D]), derive_seed(seed, "weights", "linear"))
        norms = [module for network in (G, D) for module in network.modules() if isinstance(module, _BatchNorm)]
        for norm in norms[1:]:  # the port gives G's first one no epsilon
            norm.eps = batch_norm_epsilon
        if softmax_before_cross_entropy:
            D.q_head = nn.Sequential(*D.q_head.children(), CategoriesSoftmax(self.latents))
        self.players = {
            "D": Player(("D.trunk", "D.head"), optimizer="D"),
            "G": Player(("G",), optimizer="G"),
            "information": Player(("G", "D.trunk", "D.q_head"), optimizer="information"),
        }
        self.refuses = {
            "devices": "no loss of its players depends on all of D's weights",
            "compile": "PyTorch's compiler makes code of its networks that does not compile on every CPU",
        }

    def build(self, shape: Shape) -> tuple[nn.Module, Discriminator]:
        """The port's networks."""
        width = self.recipe.networks.width
        G = upsampling_generator(self.latents.width, shape, width)
        return G, dropout_discriminator(sum(self.latents.parameters), shape, width)

    def update(self, draw: Draw, play: Play) -> Means:
        """G moves, then D on the same fakes, then G, the trunk and Q on others."""
        x = draw.real()
        with draw.seeded():  # for the dropout in D
            # min over G of E[(D(G(z, c)) - 1)^2] / 2
            _, fake = self.fakes(play, draw)
            with play.frozen("D") as D:
                G_loss = self.game.G_loss(D(fake, with_q=False)[0])
                play.minimise("G", G_loss)

            # min over D of E[(D(x) - 1)^2] / 2 + E[D(G(z, c))^2] / 2
            real_logits, _ = play.D(x, with_q=False)
            fake_logits, _ = play.D(fake.detach(), with_q=False)
            D_loss = self.game.D_loss(real_logits, fake_logits)
            play.minimise("D", D_loss)

            # min over G, trunk and Q of -sum_i lambda_i L_I(c_i)
            c, fake = self.fakes(play, draw)
            _, q = play.D(fake)
            L_I = self.bounds(c, q)
            play.minimise("information", -self.weigh(L_I, draw.step))
        return self.report(D_loss, G_loss, L_I)


@torch.no_grad()
def initialize_linear(network: nn.Module, seed: int) -> None:
    """Draw linear layers as PyTorch does, uniformly within `1 / sqrt(inputs)`: the port leaves them so."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Linear):
            reach = 1 / math.sqrt(module.in_features)
            for weight in (module.weight, module.bias):
                weight.uniform_(-reach, reach, generator=generator)


class CategoriesSoftmax(nn.Module):
    """Q's output `(n, p)` with the logits of each categorical code replaced by its probabilities."""

    def __init__(self, latents: LatentSpec) -> None:
        super().__init__()
        self.latents = latents

    def forward(self, q: Tensor) -> Tensor:
        """`(n, p)` -> `(n, p)`."""
        parts = zip(self.latents.codes, self.latents.split(q), strict=True)
        return torch.cat([raw.softmax(1) if isinstance(code, Categorical) else raw for code, raw in parts], dim=1)
