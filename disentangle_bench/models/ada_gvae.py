"""Ada-GVAE: a VAE that sees pairs of images that differ in few factors. Weakly supervised."""

from __future__ import annotations

import torch
from torch import Tensor

from disentangle_bench.models.model import Draw, Means, Play, Shape
from disentangle_bench.models.posterior import Posterior
from disentangle_bench.models.vae import VAE, Reconstruction
from disentangle_bench.recipe import Recipe


class AdaGVAE(VAE):
    """The beta-VAE's loss of both images of a pair, whose posteriors of shared codes are averaged.

    The pairs are drawn from the ground truth and differ in some factors; in which is not told. A code counts as shared
    by a pair where the KL between its two posteriors is below the mean of the smallest and the largest of all codes.

    Args:
        recipe, shape, seed, reconstruction: as of `VAE`.
        beta: the weight of the KL to the prior.
        k: in how many factors the images of a pair differ; 0 for a number that is drawn anew for each pair.
    """

    summary = "Ada-GVAE, weakly supervised: a VAE that sees pairs of images that differ in few factors."
    source = "arXiv:2002.02886, eq. 5 and 7"

    def __init__(
        self,
        recipe: Recipe,
        shape: Shape,
        seed: int = 0,
        *,
        beta: float = 1.0,
        k: int = 0,
        reconstruction: Reconstruction = "bernoulli",
    ) -> None:
        super().__init__(recipe, shape, seed, reconstruction=reconstruction)
        self.beta, self.k, self.paired = beta, k, True

    def update(self, draw: Draw, play: Play) -> Means:
        """One step on both images of each pair."""
        x = torch.cat(draw.pairs(self.k or None))
        q = averaged_where_shared(Posterior.of(play.encoder(x)))
        KL, noise = q.divergence(), torch.cat([draw.normal(q.mean.shape[1]) for _ in range(2)])
        reconstruction_loss = self.reconstruction_loss(play.decoder(q.sample(noise)), x)
        # min over encoder and decoder of the means over both images of -E[ln P(x given c)] + beta sum_i KL_i
        play.minimise("vae", reconstruction_loss + self.beta * KL.sum())
        return self.report(reconstruction_loss, KL)


def averaged_where_shared(q: Posterior) -> Posterior:
    """Average mean and variance of shared codes over the two images of a pair.

    Args:
        q: of the first images, and then of the second ones, `(2 n, d)`.
    """
    (mean, other_mean), (variance, other_variance) = q.mean.chunk(2), q.variance.chunk(2)
    difference = (other_mean - mean).square()
    KL = ((variance + difference) / other_variance - 1 + other_variance.log() - variance.log()) / 2
    threshold = (KL.amin(dim=1, keepdim=True) + KL.amax(dim=1, keepdim=True)) / 2
    shared = (threshold > KL).repeat(2, 1)
    log_sigma = ((variance + other_variance) / 2).log() / 2

    def both(average: Tensor) -> Tensor:
        return average.repeat(2, 1)

    return Posterior(
        torch.where(shared, both((mean + other_mean) / 2), q.mean),
        torch.where(shared, both(log_sigma), q.log_sigma),
    )
