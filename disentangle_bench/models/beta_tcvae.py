"""beta-TCVAE: a VAE whose codes pay more for depending on each other, estimated from the batch."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from disentangle_bench.means import Mean
from disentangle_bench.models.model import Means, Shape
from disentangle_bench.models.vae import VAE, Encoded, Reconstruction
from disentangle_bench.recipe import Recipe

Sampling = Literal["weighted", "stratified"]


class BetaTCVAE(VAE):
    """`-E[ln P(x given c)] + sum_i KL_i + (beta - 1) TC(c)`, with the total correlation of the aggregate posterior.

    Args:
        recipe, shape, seed, reconstruction: as of `VAE`.
        beta: the weight of the total correlation; 1 gives the VAE.
        sampling: how `ln Q(c)` is estimated from a batch: minibatch-weighted as in disentanglement_lib, or stratified.
    """

    summary = "beta-TCVAE: a VAE whose total correlation weighs beta times as much."
    source = "arXiv:1802.04942, eq. 4"

    def __init__(
        self,
        recipe: Recipe,
        shape: Shape,
        seed: int = 0,
        *,
        beta: float = 6.0,
        sampling: Sampling = "weighted",
        reconstruction: Reconstruction = "bernoulli",
    ) -> None:
        super().__init__(recipe, shape, seed, reconstruction=reconstruction)
        self.beta, self.sampling = beta, sampling
        self.means = (*self.means, Mean("total_correlation", label="TC", unit="nats"))

    def regularizer(self, encoded: Encoded) -> tuple[Tensor, Means]:
        """`sum_i KL_i + (beta - 1) TC`."""
        log_density = encoded.q.log_density(encoded.c)
        TC = total_correlation(log_density, encoded.population, self.sampling)
        return encoded.KL.sum() + (self.beta - 1) * TC, {"total_correlation": TC}


def total_correlation(log_density: Tensor, population: int, sampling: Sampling) -> Tensor:
    """`E[ln Q(c) - sum_i ln Q(c_i)]`, in nats, of the aggregate posterior `Q(c) = E_x[Q(c given x)]`.

    Args:
        log_density: `ln Q(c_i given x)` of the codes drawn for each image at every image of the batch, `(n, n, d)`.
        population: how many images there are, the batch being drawn from them.
        sampling: `weighted` is biased, and needs no more than a sum; `stratified` is not biased for `Q(c)` itself
            (arXiv:1802.04942, appendix C.1 and C.2).
    """
    weights = log_weights(len(log_density), population, sampling).to(log_density)
    joint = torch.logsumexp(log_density.sum(dim=2) + weights, dim=1)
    product = torch.logsumexp(log_density + weights[:, :, None], dim=1).sum(dim=1)
    return (joint - product).mean()


def log_weights(n: int, population: int, sampling: Sampling) -> Tensor:
    """Return ln of the weight of each image of a batch in the estimate of `Q(c)` for the codes of each, `(n, n)`.

    Weighted, each image counts `1 / n`; in the paper `1 / (n N)`, which adds `(d - 1) ln N` to the total correlation
    and nothing to its gradient. Stratified, the image that the codes were drawn for counts `1 / N`, one other
    `(N - n + 1) / (N (n - 1))`, for all that are not in the batch, and each of the rest `1 / (n - 1)`.
    """
    if sampling == "weighted":
        return torch.full((n, n), -math.log(n))
    others = n - 1
    weights = torch.full((n, n), 1 / others)
    rows = torch.arange(n)
    weights[rows, rows] = 1 / population
    weights[rows, (rows + 1) % n] = (population - others) / (population * others)
    return weights.log()
