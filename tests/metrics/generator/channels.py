"""Channels with a known answer: generators whose images carry a known number of nats of each code."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from disentangle_bench.latents import Categorical, Gaussian, Latents, LatentSpec


@dataclass(frozen=True)
class SymmetricChannel:
    """A category painted as one bright pixel of `k`; with probability `flip`, another one, evenly."""

    k: int
    flip: float

    @property
    def latents(self) -> LatentSpec:
        return LatentSpec(2, (Categorical(self.k),))

    @property
    def information(self) -> float:
        """`I(c; image)`, in nats: `ln k - h(flip) - flip ln(k - 1)`."""
        return float(math.log(self.k) - stats.bernoulli(self.flip).entropy() - self.flip * math.log(self.k - 1))

    def generate(self, latents: Latents) -> Tensor:
        flipped = (latents.noise[:, 0] + 1) / 2 < self.flip
        shift = 1 + ((latents.noise[:, 1] + 1) / 2 * (self.k - 1)).long().clamp(max=self.k - 2)
        seen = (latents.codes[0] + flipped * shift) % self.k
        return Categorical(self.k).encode(seen)[:, None, None, :]

    def posterior(self, images: Tensor) -> tuple[Tensor]:
        """The true one: `ln p(c given image)`."""
        likely, unlikely = math.log(max(1 - self.flip, 1e-30)), math.log(max(self.flip / (self.k - 1), 1e-30))
        return (torch.where(images[:, 0, 0] > 0.5, likely, unlikely),)


@dataclass(frozen=True)
class GaussianChannel:
    """A normal code, correlated with the brightness of a gray 3x3 image that is otherwise noise."""

    correlation: float

    @property
    def latents(self) -> LatentSpec:
        return LatentSpec(1, (Gaussian(),), noise_prior="gaussian")

    @property
    def information(self) -> float:
        """`I(c; image) = -ln(1 - rho^2) / 2`, in nats."""
        return -0.5 * math.log(1 - self.correlation**2)

    def generate(self, latents: Latents) -> Tensor:
        noise = math.sqrt(1 - self.correlation**2) * latents.noise[:, 0]
        brightness = self.correlation * latents.codes[0] + noise
        return brightness[:, None, None, None].expand(-1, 1, 3, 3)

    def posterior(self, images: Tensor) -> tuple[Tensor]:
        """The true one: mean `rho y`, variance `1 - rho^2`."""
        mean = self.correlation * images[:, 0, 1, 1]
        log_sigma = torch.full_like(mean, 0.5 * math.log(1 - self.correlation**2))
        return (torch.stack([mean, log_sigma], dim=1),)


@dataclass(frozen=True)
class Pair:
    """Two channels side by side in one image: `c1` in the upper rows, `c2` in the lowest."""

    first: SymmetricChannel
    second: GaussianChannel

    @property
    def latents(self) -> LatentSpec:
        return LatentSpec(3, (Categorical(self.first.k), Gaussian()), noise_prior="gaussian")

    def generate(self, latents: Latents) -> Tensor:
        even = torch.special.ndtr(latents.noise[:, :2]) * 2 - 1  # uniform on [-1, 1]
        upper = self.first.generate(Latents(even, latents.codes[:1]))
        lower = self.second.generate(Latents(latents.noise[:, 2:], latents.codes[1:]))
        return torch.cat([upper, lower[:, :, :1, :1].expand(-1, 1, 1, self.first.k)], dim=2)

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        gray = images[:, :, 1:, :1].expand(-1, 1, 3, 3)
        return (*self.first.posterior(images[:, :, :1]), *self.second.posterior(gray))


NOISY, USELESS, EXACT = SymmetricChannel(5, 0.2), SymmetricChannel(4, 0.75), SymmetricChannel(10, 0.0)
SYMMETRIC = [NOISY, USELESS, EXACT, SymmetricChannel(2, 0.05)]
GAUSSIAN = [GaussianChannel(correlation) for correlation in (0.0, 0.3, 0.6, 0.9, 0.99)]


def coverage(intervals, truth) -> float:
    return float(np.mean([score.low <= truth <= score.high for score in intervals]))
