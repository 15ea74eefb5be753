"""DC-IGN: a VAE that sees batches in which one factor varies, and is told which one. Supervised grouping."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from disentangle_bench.errors import SettingError
from disentangle_bench.means import Mean
from disentangle_bench.models.gan import NotNegative
from disentangle_bench.models.model import Draw, Means, Play, Shape
from disentangle_bench.models.posterior import Posterior
from disentangle_bench.models.vae import VAE, Reconstruction
from disentangle_bench.recipe import Recipe


class DCIGN(VAE):
    """The VAE's loss on batches in which one factor varies, with all codes but those of this factor clamped.

    The codes are dealt to the k factors that vary: code i belongs to factor i modulo k, both from 0. In a batch, the
    mean and ln variance a_i(x) of the codes of its factor are active. Those of all others are replaced by one value for
    the whole batch before the decoder, their mean over it, and are pulled towards that mean:

        -E[ln P(x given c)] + sum_{i active} KL_i + w / 2 sum_{i inactive} E[(a_i - sg E[a_i])^2]

    where sg stops gradients. As in the program, this pull takes the place of all gradients of inactive codes: neither
    the reconstruction nor their KL moves them.

    What differs from the program: it clamps to the first image's value (`clamp = "first"`; the paper to the mean),
    gives all codes that are left to the factor of shape, and brings the pull to bear twice, once with each of the two
    parts of the loss. Networks, batches and optimizer here are those of the other VAEs.

    Args:
        recipe, shape, seed, reconstruction: as of `VAE`.
        invariance: the weight w of the pull.
        clamp: to what inactive codes are clamped, the mean over the batch or its first image's value.
    """

    summary = "DC-IGN, supervised grouping: a VAE whose batches vary in one factor, which it is told."
    source = "arXiv:1503.03167 and github.com/willwhitney/dc-ign"

    def __init__(
        self,
        recipe: Recipe,
        shape: Shape,
        seed: int = 0,
        *,
        invariance: NotNegative = 0.01,
        clamp: Literal["mean", "first"] = "mean",
        reconstruction: Reconstruction = "bernoulli",
    ) -> None:
        super().__init__(recipe, shape, seed, reconstruction=reconstruction)
        self.invariance, self.clamp, self.paired = invariance, clamp, True
        self.means = (*self.means, Mean("invariance_loss", label="invariance"))

    def update(self, draw: Draw, play: Play) -> Means:
        """One step on a batch in which one factor varies."""
        x, factor, factors = draw.group()
        codes = len(self.latents.codes)
        if factors > codes:
            raise SettingError(
                f"{self.recipe.name} has {codes} codes; {factors} factors of the training images vary.",
                'Give each a code, as in --set "latents.codes.N.kind=gaussian", where N is the number of codes.',
            )
        q = Posterior.of(play.encoder(x))
        active = torch.arange(codes, device=x.device) % factors == factor
        clamped = Posterior(self.clamped(q.mean, active), self.clamped(q.log_sigma, active))
        reconstruction_loss = self.reconstruction_loss(play.decoder(clamped.sample(draw.normal(codes))), x)
        KL, inactive = q.divergence(), torch.cat((q.mean[:, ~active], 2 * q.log_sigma[:, ~active]), dim=1)
        invariance_loss = (inactive - inactive.mean(dim=0).detach()).square().sum(dim=1).mean() / 2
        # min over encoder and decoder of -E[ln P(x given c)] + sum of active KL_i + w times the pull on inactive codes
        play.minimise("vae", reconstruction_loss + KL[active].sum() + self.invariance * invariance_loss)
        return self.report(reconstruction_loss, KL) | {"invariance_loss": invariance_loss}

    def clamped(self, values: Tensor, active: Tensor) -> Tensor:
        """Values `(n, d)` of active codes; of the others one for all rows, without a way back."""
        one = values[0] if self.clamp == "first" else values.mean(dim=0)
        return torch.where(active, values, one.detach())
