"""InfoGAN-CR: an InfoGAN whose pairs of images show which one of their codes they share."""

from __future__ import annotations

import math
from typing import Annotated, cast

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from disentangle_bench.latents import Latents, Uniform
from disentangle_bench.means import Mean
from disentangle_bench.models.games import GameName
from disentangle_bench.models.gan import NotNegative, Steps
from disentangle_bench.models.infogan import InfoGAN
from disentangle_bench.models.model import Draw, Means, Play, Player, Shape
from disentangle_bench.models.networks.contrastive import FC, small_trunk
from disentangle_bench.models.networks.layers import Discriminator, initialize, scaled
from disentangle_bench.models.networks.norms import add_spectral_norm, replace_batch_norm
from disentangle_bench.recipe import Recipe
from disentangle_bench.seeds import derive_seed


class InfoGANCR(InfoGAN):
    """InfoGAN with a contrastive regularizer, a third player CR that tells which code two images have in common.

    An index I is uniform over the k codes. Two images have the same noise and the same `c_I`; all their other codes are
    drawn anew. CR sees the two side by side, and G is to make them such that it names I:

        CR = E[ln P_CR(I given G(z, c), G(z, c'))] <= 0
        min over D, Q  of  -V(D, G) - sum_i lambda_i L_I(c_i)
        min over G, CR of   V(D, G) - sum_i lambda_i L_I(c_i) - alpha CR

    alpha is 0 up to `contrastive_from`, when CR begins to learn too: the program trains it before as well, to no
    purpose, since it then starts CR afresh. Until then, the loss that is reported for CR is that of a guess, `ln k`.

    Details are those of the program: the noise of a pair is the same; G moves twice in an update, on the same latents;
    with spectral norm, the head of D and Q's own layers have it too, but the last layer of CR has not. Its power
    iterations are one for each use of a weight here, and one for each update there. The program can also let the gap
    fall at a step, as for its 3D teapots, and starts CR afresh then; the gap of a run is constant here.

    Args:
        recipe: sizes, weights and learning rates.
        shape: `(c, h, w)` of the dataset's images.
        seed: determines the initial weights.
        game: what D and G minimize.
        generator_steps: of G for each update.
        contrastive_weight: alpha.
        contrastive_from: the step after which it counts.
        gap: the least distance of the two values of a uniform code that is drawn anew, of 2 that there are.
    """

    summary = "InfoGAN-CR: an InfoGAN in which a third player tells the code that two images share."
    source = "arXiv:1906.06034 and github.com/fjxmlzn/InfoGAN-CR"

    def __init__(
        self,
        recipe: Recipe,
        shape: Shape,
        seed: int = 0,
        *,
        game: GameName = "nsgan",
        generator_steps: Annotated[int, Field(ge=1)] = 2,
        contrastive_weight: NotNegative = 2.0,
        contrastive_from: Steps = 0,
        gap: Annotated[float, Field(ge=0, lt=2)] = 0.0,
    ) -> None:
        super().__init__(recipe, shape, seed, game=game, generator_steps=generator_steps)
        self.contrastive_weight, self.contrastive_from, self.gap = contrastive_weight, contrastive_from, gap
        channels, *sides = shape
        width = recipe.networks.width
        trunk = small_trunk(2 * channels, (sides[0], sides[1]), width)
        CR = nn.Sequential(trunk, nn.Linear(scaled(FC, width), len(self.latents.codes)))
        initialize(CR, derive_seed(seed, "weights", "CR"))
        if recipe.networks.norm == "spectral":
            D = cast("Discriminator", self.networks["D"])
            replace_batch_norm(D.q_head, layer_norm=False)
            for name, network in {"head": D.head, "Q": D.q_head, "CR": trunk}.items():
                add_spectral_norm(network, derive_seed(seed, "weights", "spectral norm", name))
        self.networks["CR"] = CR
        self.players["CR"] = Player(("CR",), optimizer="CR", since=contrastive_from + 1)
        self.means = (*self.means, Mean("contrastive_loss", label="CR", unit="nats"))

    def update(self, draw: Draw, play: Play) -> Means:
        """CR moves, then D and Q, then G."""
        contrasting = draw.step > self.contrastive_from
        first, second, shared = self.pairs(draw)
        CR_loss = torch.full((), math.log(len(self.latents.codes)), device=shared.device)
        if contrasting:
            # min over CR of -E[ln P_CR(I given both images)], which do not lead back to G
            CR_loss = F.cross_entropy(play.CR(self.side_by_side(play, first, second).detach()).float(), shared)
            play.minimise("CR", CR_loss)

        for _ in range(self.discriminator_steps):
            x = draw.real()
            c, fake = self.fakes(play, draw)
            # min over D and Q of -V(D, G) - sum_i lambda_i L_I(c_i), on fakes that do not lead back to G
            real_logits, _ = play.D(x, with_q=False)
            fake_logits, q = play.D(fake.detach())
            L_I = self.bounds(c, q)
            D_loss = self.game.D_loss(real_logits, fake_logits)
            play.minimise("D", D_loss + self.penalty(draw, x, fake) - self.weigh(L_I, draw.step))
            self.constrain()

        # min over G of V(D, G) - sum_i lambda_i L_I(c_i) - alpha CR, through D, Q and CR but not into them
        for more in range(self.generator_steps):
            if more:
                fake = play.G(self.latents.pack(c))
            with play.frozen("D") as D, play.frozen("CR") as CR:
                fake_logits, q = D(fake)
                G_loss = self.game.G_loss(fake_logits)
                loss = G_loss - self.weigh(self.bounds(c, q), draw.step)
                if contrasting:
                    logits = CR(self.side_by_side(play, first, second)).float()
                    loss = loss + self.contrastive_weight * F.cross_entropy(logits, shared)
                play.minimise("G", loss)
        return self.report(D_loss, G_loss, L_I, CR_loss.reshape(1))

    def pairs(self, draw: Draw) -> tuple[Latents, Latents, Tensor]:
        """Latents of the first and of the second images, and the index `(b,)` of the code that they share."""
        first, second = draw.latents(), draw.latents()
        k = len(self.latents.codes)
        shared = (k * draw.uniform()).long().clamp(max=k - 1)
        ones, others = [], []
        for place, (code, one, other) in enumerate(zip(self.latents.codes, first.codes, second.codes, strict=True)):
            apart = apart_by(self.gap, one, other) if self.gap and isinstance(code, Uniform) else (one, other)
            is_shared = shared == place
            ones.append(torch.where(is_shared, one, apart[0]))
            others.append(torch.where(is_shared, one, apart[1]))
        return Latents(first.noise, tuple(ones)), Latents(first.noise, tuple(others)), shared

    def side_by_side(self, play: Play, first: Latents, second: Latents) -> Tensor:
        """The images of both, `(b, 2 c, h, w)`; G's batch norm sees them as two batches."""
        return torch.cat([play.G(self.latents.pack(latents)) for latents in (first, second)], dim=1)


def apart_by(gap: float, one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Values `(n,)` that are uniform on [-1, 1], moved apart by a gap, within [-1, 1] still.

    Example:
        >>> import torch
        >>> apart_by(1.0, torch.tensor([0.0, 1.0]), torch.tensor([0.5, -1.0]))
        (tensor([-0.5000,  1.0000]), tensor([ 0.7500, -1.0000]))
    """
    scale, half = 1 - gap / 2, torch.where(one > other, gap / 2, -gap / 2)
    return scale * one + half, scale * other - half
