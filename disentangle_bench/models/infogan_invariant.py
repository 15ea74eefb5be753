"""InfoGAN with invariant categories: an extension of arXiv:1606.03657 by the term of arXiv:1807.06653."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from disentangle_bench.errors import SettingError
from disentangle_bench.latents import Categorical
from disentangle_bench.means import Mean
from disentangle_bench.models.agreement import mutual_information
from disentangle_bench.models.average import follow
from disentangle_bench.models.games import GameName
from disentangle_bench.models.gan import NotNegative, Steps
from disentangle_bench.models.infogan import InfoGAN
from disentangle_bench.models.model import Draw, Finished, ImageRows, Means, Play, Shape
from disentangle_bench.models.splitting import copy_category, crowded, outer_layers
from disentangle_bench.models.warps import Warp
from disentangle_bench.recipe import Recipe

MASS_DECAY = 0.98  # of the running mean: as of 50 batches


class InfoGANInvariant(InfoGAN):
    """InfoGAN whose categorical codes mean what small warps of an image leave as it is. Not part of the paper.

    T is a random warp, drawn anew for each image and independent of everything else. Two terms differ from InfoGAN's.

    The bound of a categorical code is taken on warped images; that of any other code stays as it is:

        L_I(c) = E[ln Q(c given T G(z, c))] + H(c) <= I(c; T G(z, c)) <= I(c; G(z, c)) <= H(c)

    The second inequality is that of data processing, so this is a bound of InfoGAN's mutual information too, and one
    that no detail closes which a warp removes. It enters the updates of both players, as in eq. 6.

    The update of D and Q also maximizes what Q's readings of a real image x and of a warped image x' tell of each
    other, where x' is one of the training images that are most like x, as in invariant information clustering with the
    pairs of SCAN:

        I(y; y') <= I(y; x) <= ln k,    y ~ Q(c given x),  y' ~ Q(c given T x')

    where y and y' are independent given x and x'. It reaches ln k only if Q reads every image with certainty, reads
    warped copies and neighbors alike, and uses all k categories equally often: without it, two classes may share a
    category for good. So it assumes classes that are about equally frequent. Neighbors join what no warp turns into one
    another, such as sevens with a bar and without. Together, with the weights lambda of the codes and mu(step):

        min over D, Q of  -V(D, G) - sum_i lambda_i L_I(c_i) - mu I(y; y')
        min over G    of   V(D, G) - sum_i lambda_i L_I(c_i)

    Two classes may still share a category for good, while a third has two. The share of real images that Q reads as
    each category shows that without labels. So every `split_every` steps, once mu is full and until half of the steps
    are done, the lightest category becomes a copy of the heaviest if they are far apart (`crowded`): the two part the
    classes, as L_I and I(y; y') ask them to, and what the lightest had falls to the category that is most like it.

    D judges images as they are, and its batch norm sees warped ones in batches of their own: their blur, side by side
    with the images, would tell D which are real.

    Args:
        recipe: sizes, weights and learning rates.
        shape: `(c, h, w)` of the dataset's images.
        seed: determines the initial weights.
        game: what D and G minimize.
        ema_G: the decay of the moving average of G's weights, which a trained model has; 0 is none.
        instance_noise: standard deviation of the noise on every image that D sees, those that are warped too.
        instance_noise_steps: over how many steps it falls linearly to 0; 0 is never.
        agreement: the weight mu of `I(y; y')`, in the end.
        agreement_from: the step until which mu is 0: Q must read generated images before it sorts real ones.
        agreement_within: steps over which mu then rises linearly.
        neighbors: from how many images x' is drawn; with 0 it is x itself.
        split_every: steps between two looks at the categories' shares; 0 is never to look.
        rotation: of the warp, as of the next four, see `Warp`.
        scale: least and greatest.
        shear: to either side.
        shift: to either side.
        gamma: least and greatest.

    Raises:
        SettingError: no code is categorical, a range of the warp is invalid, or categories are to be split in networks
            whose outer layers are not linear.
    """

    summary = "InfoGAN whose categories are read from warped images and agree on real ones: an extension."
    source = "arXiv:1606.03657, eq. 6, arXiv:1807.06653, eq. 3, and arXiv:2005.12320, section 2"

    def __init__(
        self,
        recipe: Recipe,
        shape: Shape,
        seed: int = 0,
        *,
        game: GameName = "nsgan",
        ema_G: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        instance_noise: NotNegative = 0.0,
        instance_noise_steps: Steps = 0,
        agreement: NotNegative = 1.0,
        agreement_from: Steps = 300,
        agreement_within: Steps = 500,
        neighbors: Steps = 0,
        split_every: Steps = 0,
        rotation: NotNegative = 20.0,
        scale: tuple[float, float] = (0.8, 1.2),
        shear: NotNegative = 0.4,
        shift: NotNegative = 0.12,
        gamma: tuple[float, float] = (0.6, 1.6),
    ) -> None:
        super().__init__(
            recipe,
            shape,
            seed,
            game=game,
            ema_G=ema_G,
            instance_noise=instance_noise,
            instance_noise_steps=instance_noise_steps,
        )
        self.is_categorical = [isinstance(code, Categorical) for code in self.latents.codes]
        if not any(self.is_categorical):
            raise SettingError(
                f"The model 'infogan-invariant' needs a categorical code; the recipe {recipe.name} has none.",
                "Train the model infogan, or add a code: --set latents.codes.N.kind=categorical --set "
                "latents.codes.N.k=10, where N is the number of codes.",
            )
        self.warp = Warp(rotation, scale, shear, shift, gamma)
        self.agreement, self.agreement_from, self.agreement_within = agreement, agreement_from, agreement_within
        self.neighbors, self.split_every = neighbors, split_every
        self.kept["mass"] = {}
        if split_every:
            G, Q = self.networks["G"], self.networks["D"].get_submodule("q_head")
            self.outer = outer_layers(G, Q, self.latents.width, sum(self.latents.parameters))
        self.means = (
            *self.means,
            *(
                Mean(code.name, "agreement", unit="nats", bound=math.log(code.k), bound_label=f"ln {code.k}")
                for code in self.latents.codes
                if isinstance(code, Categorical)
            ),
        )

    def update(self, draw: Draw, play: Play) -> Means:
        """D and Q move, then G on the same fakes."""
        mu = self.agreement * min(max(draw.step - self.agreement_from, 0) / max(self.agreement_within, 1), 1)
        for _ in range(self.discriminator_steps):
            x, c = draw.real(), draw.latents()
            fake = play.G(self.latents.pack(c))
            near = draw.near() if self.neighbors else x
            Tx, Tfake = (self.warp(images, draw.uniform(Warp.numbers)) for images in (near, fake))
            x, fake, Tx, Tfake = (self.noisy(images, draw) for images in (x, fake, Tx, Tfake))
            # min over D and Q of -V(D, G) - sum_i lambda_i L_I(c_i) - mu I(y; y'), without a way back to G
            (real_logits, q_real), (_, Tq) = play.D(x), play.D(Tx)
            I_real = self.agreements(q_real, Tq)
            (fake_logits, q), (_, Tq) = play.D(fake.detach()), play.D(Tfake.detach())
            L_I = self.bounds(c, self.from_warped_if_categorical(q, Tq))
            D_loss = self.game.D_loss(real_logits, fake_logits)
            penalty, informed = self.penalty(draw, x, fake), self.weigh(L_I, draw.step)
            play.minimise("D", D_loss + penalty - informed - mu * I_real.sum())
            self.constrain()

        # min over G of V(D, G) - sum_i lambda_i L_I(c_i), through D, Q and the warp, into none of them
        with play.frozen("D") as D:
            (fake_logits, q), (_, Tq) = D(fake), D(Tfake)
            G_loss = self.game.G_loss(fake_logits)
            L_I_of_G = self.bounds(c, self.from_warped_if_categorical(q, Tq))
            play.minimise("G", G_loss - self.weigh(L_I_of_G, draw.step))
        self.average(draw.step)
        if self.split_every:
            self.count(q_real, draw.step, play)
            self.split_if_crowded(draw.step)
        return self.report(D_loss, G_loss, L_I, I_real)

    def count(self, q: Tensor, step: int, play: Play) -> None:
        """Let the running shares of the categories follow Q's readings `(n, p)` of a batch of real images."""
        codes = zip(self.latents.codes, self.latents.split(q.detach().float()), strict=True)
        shares = {
            code.name: play.mean(logits.softmax(dim=1).mean(dim=0))
            for code, logits in codes
            if isinstance(code, Categorical)
        }
        follow(self.kept["mass"], shares, MASS_DECAY, step)

    def split_if_crowded(self, step: int) -> None:
        """Where it is time to look, make the lightest category a copy of the heaviest if that has too much."""
        since = step - self.agreement_from - self.agreement_within
        if since < 0 or since % self.split_every or step > self.recipe.steps / 2:
            return
        (first, last), codes, parameters = self.outer, self.latents.codes, list(self.latents.parameters)
        _, *columns = torch.split(first.weight.detach(), [self.latents.noise, *(c.width for c in codes)], dim=1)
        rows = zip(*(torch.split(each.detach(), parameters) for each in last.parameters()), strict=True)
        for code, of_G, of_Q in zip(codes, columns, rows, strict=True):
            if isinstance(code, Categorical) and (found := crowded(self.kept["mass"][code.name])):
                copy_category(*found, of_G, of_Q)

    def finish(self, images: ImageRows, seed: int) -> Finished:
        """As every GAN; the running shares are of training alone."""
        self.kept["mass"] = {}
        return super().finish(images, seed)

    def agreements(self, q: Tensor, Tq: Tensor) -> Tensor:
        """`I(y; y')` of each categorical code, in nats, from Q's outputs `(n, p)` for images and warped copies."""
        pairs = zip(self.is_categorical, self.latents.split(q), self.latents.split(Tq), strict=True)
        return torch.stack([mutual_information(p, Tp) for categorical, p, Tp in pairs if categorical])

    def from_warped_if_categorical(self, q: Tensor, Tq: Tensor) -> Tensor:
        """Q's output `(n, p)` with the parameters of categorical codes from `Tq`, those of the others from `q`."""
        pairs = zip(self.is_categorical, self.latents.split(q), self.latents.split(Tq), strict=True)
        return torch.cat([Tp if categorical else p for categorical, p, Tp in pairs], dim=1)
