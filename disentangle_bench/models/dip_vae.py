"""DIP-VAE I and II: VAEs whose codes are to be uncorrelated over the data."""

from __future__ import annotations

import torch
from torch import Tensor

from disentangle_bench.models.model import Means, Shape
from disentangle_bench.models.vae import VAE, Encoded, Reconstruction
from disentangle_bench.recipe import Recipe


class DIPVAEI(VAE):
    """The VAE's loss, and `lambda_od sum_{i != j} Cov_ij^2 + lambda_d sum_i (Cov_ii - 1)^2` of the posterior means.

    Args:
        recipe, shape, seed, reconstruction: as of `VAE`.
        lambda_od: the weight of the covariances.
        lambda_d: the weight of the distance of the variances from 1.
    """

    summary = "DIP-VAE-I: a VAE whose posterior means are to have the identity for covariance."
    source = "arXiv:1711.00848, eq. 6"

    def __init__(
        self,
        recipe: Recipe,
        shape: Shape,
        seed: int = 0,
        *,
        lambda_od: float = 10.0,
        lambda_d: float = 100.0,
        reconstruction: Reconstruction = "bernoulli",
    ) -> None:
        super().__init__(recipe, shape, seed, reconstruction=reconstruction)
        self.lambda_od, self.lambda_d = lambda_od, lambda_d

    def covariance(self, encoded: Encoded) -> Tensor:
        """`Cov[E[c given x]]` over the batch, `(d, d)`."""
        return torch.cov(encoded.q.mean.T, correction=0)

    def regularizer(self, encoded: Encoded) -> tuple[Tensor, Means]:
        """`sum_i KL_i`, and the distance of the covariance from the identity."""
        covariance = self.covariance(encoded)
        variances = covariance.diagonal()
        off_diagonal = covariance.square().sum() - variances.square().sum()
        distance = self.lambda_od * off_diagonal + self.lambda_d * (variances - 1).square().sum()
        return encoded.KL.sum() + distance, {}


class DIPVAEII(DIPVAEI):
    """As DIP-VAE-I, of the covariance of the codes themselves: `Cov[E[c given x]] + E[Cov[c given x]]`.

    Args:
        recipe, shape, seed, reconstruction: as of `VAE`.
        lambda_od: the weight of the covariances.
        lambda_d: the weight of the distance of the variances from 1.
    """

    summary = "DIP-VAE-II: a VAE whose codes are to have the identity for covariance."
    source = "arXiv:1711.00848, eq. 7"

    def __init__(
        self,
        recipe: Recipe,
        shape: Shape,
        seed: int = 0,
        *,
        lambda_od: float = 10.0,
        lambda_d: float = 10.0,
        reconstruction: Reconstruction = "bernoulli",
    ) -> None:
        super().__init__(recipe, shape, seed, lambda_od=lambda_od, lambda_d=lambda_d, reconstruction=reconstruction)

    def covariance(self, encoded: Encoded) -> Tensor:
        """`Cov[c]` over the batch, `(d, d)`."""
        return super().covariance(encoded) + torch.diag(encoded.q.variance.mean(dim=0))
