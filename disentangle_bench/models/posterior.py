"""The posterior of a VAE: a factored Gaussian for each image of a batch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor


@dataclass(frozen=True)
class Posterior:
    """`Q(c given x)` of each image of a batch.

    Attributes:
        mean: `(n, d)`.
        log_sigma: `(n, d)`, ln of the standard deviation.
    """

    mean: Tensor
    log_sigma: Tensor

    @classmethod
    def of(cls, parameters: Tensor) -> Self:
        """Take the output of an encoder `(n, 2 d)` apart: mean and ln sigma of each code in turn."""
        return cls(parameters[:, 0::2].float(), parameters[:, 1::2].float())

    @property
    def variance(self) -> Tensor:
        """`(n, d)`."""
        return torch.exp(2 * self.log_sigma)

    def sample(self, noise: Tensor) -> Tensor:
        """Codes `(n, d)` for standard normal noise `(n, d)`: the reparameterization (arXiv:1312.6114, section 2.4)."""
        return self.mean + self.log_sigma.exp() * noise

    def divergence(self) -> Tensor:
        """`KL(Q(c_i given x) || N(0, 1))` of each code, the mean over the batch, `(d,)` in nats."""
        return ((self.mean.square() + self.variance - 1) / 2 - self.log_sigma).mean(dim=0)

    def log_density(self, codes: Tensor) -> Tensor:
        """`ln Q(c_i given x_j)` of every code for every image: codes `(m, d)` -> `(m, n, d)` in nats."""
        standardized = (codes[:, None] - self.mean) * torch.exp(-self.log_sigma)
        return -0.5 * standardized.square() - self.log_sigma - 0.5 * math.log(2 * math.pi)
