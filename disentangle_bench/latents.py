"""Code priors and the latent spec: sampling, exact entropies, posterior likelihoods, the generator's input.

All entropies and log-likelihoods are in nats. Symbols as in arXiv:1606.03657: `z` is noise, `c_i` are codes.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from disentangle_bench.errors import SettingError

UNNAMED = "c"
MIN_LOG_SIGMA = -6.0  # sigma of 0.0025: a posterior that collapses to a point would make L_I unbounded


@dataclass(frozen=True)
class Categorical:
    """A code with `k` equally likely categories. Values are `(n,)` int64; the posterior is `k` logits."""

    k: int
    name: str = UNNAMED
    weight: float = 1.0

    kind = "categorical"

    def __post_init__(self) -> None:
        if self.k < 2:
            raise SettingError(
                f"Code {self.name!r} has k = {self.k} categories.", "A categorical code needs k of 2 or more."
            )

    @property
    def width(self) -> int:
        """Columns in the generator's input: one-hot."""
        return self.k

    @property
    def parameters(self) -> int:
        """Outputs of Q for this code: logits."""
        return self.k

    @property
    def entropy(self) -> float:
        """`H(c) = ln k`, in nats."""
        return math.log(self.k)

    @property
    def uninformed_bound(self) -> float:
        """`L_I` of the best posterior that does not look at the image: 0, the uniform one's."""
        return 0.0

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """`(n,)` int64 categories from the prior."""
        return torch.randint(self.k, (n,), generator=generator)

    def encode(self, values: Tensor) -> Tensor:
        """One-hot `(n, k)` float32."""
        return F.one_hot(values, self.k).float()

    def log_likelihood(self, values: Tensor, parameters: Tensor) -> Tensor:
        """`ln Q(c given x)`, `(n,)`: log-softmax of the logits `(n, k)` at the categories `(n,)`."""
        return -F.cross_entropy(parameters.float(), values, reduction="none")

    def estimate(self, parameters: Tensor) -> Tensor:
        """The most likely category, `(n,)` int64."""
        return parameters.argmax(dim=1)


@dataclass(frozen=True)
class _Continuous(ABC):
    """What the two continuous codes share: a posterior that is a Gaussian with learned or fixed sigma."""

    name: str = UNNAMED
    weight: float = 0.1
    sigma: float | None = None

    kind = "continuous"
    width = 1

    def __post_init__(self) -> None:
        if self.sigma is not None and not 0 < self.sigma < math.inf:
            raise SettingError(
                f"Code {self.name!r} has a fixed sigma of {self.sigma}.",
                "Give a positive number, or leave it out so that Q learns it.",
            )

    @property
    def parameters(self) -> int:
        """Outputs of Q for this code: the mean and, if it is learned, ln sigma."""
        return 2 if self.sigma is None else 1

    @property
    @abstractmethod
    def variance(self) -> float:
        """The prior's variance."""

    @property
    @abstractmethod
    def entropy(self) -> float:
        """The prior's differential entropy, in nats."""

    @property
    def uninformed_bound(self) -> float:
        """`L_I` of the best posterior that does not look at the image, in nats: mean 0 and the prior's sigma, if free.

        Below 0 where a Gaussian cannot be the prior: -0.18 for a uniform code, -0.39 with a fixed sigma of 1.
        """
        sigma = math.sqrt(self.variance) if self.sigma is None else self.sigma
        return self.entropy - 0.5 * (self.variance / sigma**2 + math.log(2 * math.pi * sigma**2))

    def encode(self, values: Tensor) -> Tensor:
        """One column, `(n, 1)` float32."""
        return values.float().unsqueeze(1)

    def log_likelihood(self, values: Tensor, parameters: Tensor) -> Tensor:
        """`ln Q(c given x)`, `(n,)`: the Gaussian's log-density at the values `(n,)`."""
        log_sigma = self.log_sigma(parameters)
        standardized = (values - parameters[:, 0].float()) * torch.exp(-log_sigma)
        return -0.5 * standardized.square() - log_sigma - 0.5 * math.log(2 * math.pi)

    def log_sigma(self, parameters: Tensor) -> Tensor:
        """`ln sigma` of the posterior, `(n,)`."""
        if self.sigma is not None:
            return torch.full_like(parameters[:, 0], math.log(self.sigma), dtype=torch.float32)
        return parameters[:, 1].float().clamp(min=MIN_LOG_SIGMA)

    def estimate(self, parameters: Tensor) -> Tensor:
        """The posterior mean, `(n,)` float32."""
        return parameters[:, 0].float()


@dataclass(frozen=True)
class Uniform(_Continuous):
    """A code uniform on [-1, 1]. Values are `(n,)` float32; the posterior is Gaussian: mean and ln sigma."""

    variance = 1 / 3

    @property
    def entropy(self) -> float:
        """`H(c) = ln 2`, in nats."""
        return math.log(2)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """`(n,)` float32 values from the prior."""
        return torch.rand(n, generator=generator) * 2 - 1


@dataclass(frozen=True)
class Gaussian(_Continuous):
    """A standard normal code. Values are `(n,)` float32; the posterior is Gaussian: mean and ln sigma."""

    variance = 1.0

    @property
    def entropy(self) -> float:
        """`H(c) = ln(2 pi e) / 2`, in nats."""
        return 0.5 * math.log(2 * math.pi * math.e)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """`(n,)` float32 values from the prior."""
        return torch.randn(n, generator=generator)


Code = Categorical | Uniform | Gaussian
NoisePrior = Literal["uniform", "gaussian"]


def _named(codes: tuple[Code, ...]) -> tuple[Code, ...]:
    named = tuple(
        replace(code, name=f"c{place}") if code.name == UNNAMED else code for place, code in enumerate(codes, start=1)
    )
    names = [code.name for code in named]
    if len(set(names)) < len(names):
        raise SettingError(f"Two codes share a name: {', '.join(names)}.", "Name each code differently.")
    return named


@dataclass(frozen=True)
class Latents:
    """One batch of the generator's input, apart: noise `(n, z)` and one tensor `(n,)` per code."""

    noise: Tensor
    codes: tuple[Tensor, ...]

    def __len__(self) -> int:
        return len(self.noise)

    def to(self, device: torch.device | str) -> Latents:
        """The same latents on a device."""
        return Latents(
            self.noise.to(device, non_blocking=True), tuple(c.to(device, non_blocking=True) for c in self.codes)
        )

    def replace(self, index: int, values: Tensor) -> Latents:
        """The same latents with code `index` set to `values (n,)`."""
        return Latents(self.noise, (*self.codes[:index], values, *self.codes[index + 1 :]))

    def rows(self, index: Tensor | slice) -> Latents:
        """Some of the rows."""
        return Latents(self.noise[index], tuple(c[index] for c in self.codes))


@dataclass(frozen=True)
class LatentSpec:
    """The noise and the ordered codes of a generator.

    Attributes:
        noise: number of noise variables `z`.
        codes: the codes; those without a name are called c1, c2, ... by their place.
        noise_prior: uniform on [-1, 1] as in the authors' code, or standard normal.
    """

    noise: int
    codes: tuple[Code, ...]
    noise_prior: NoisePrior = "uniform"

    def __post_init__(self) -> None:
        if self.noise < 0 or not self.codes:
            raise SettingError(
                f"A latent spec with {self.noise} noise variables and {len(self.codes)} codes.",
                "Give 0 or more noise variables and at least one code.",
            )
        if self.noise_prior not in get_args(NoisePrior):
            raise SettingError(
                f"{self.noise_prior!r} is no prior of the noise.", f"Use one of {', '.join(get_args(NoisePrior))}."
            )
        object.__setattr__(self, "codes", _named(self.codes))

    @property
    def width(self) -> int:
        """Columns of the generator's input."""
        return self.noise + sum(code.width for code in self.codes)

    @property
    def parameters(self) -> tuple[int, ...]:
        """Outputs of Q per code."""
        return tuple(code.parameters for code in self.codes)

    @property
    def names(self) -> tuple[str, ...]:
        """The codes' names: c1, c2, ..."""
        return tuple(code.name for code in self.codes)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Latents:
        """`n` rows from the priors, on the CPU, so that a seed gives the same latents on every device."""
        noise = (
            torch.rand(n, self.noise, generator=generator) * 2 - 1
            if self.noise_prior == "uniform"
            else torch.randn(n, self.noise, generator=generator)
        )
        return Latents(noise, tuple(code.sample(n, generator) for code in self.codes))

    def pack(self, latents: Latents) -> Tensor:
        """The generator's input `(n, width)`: noise, then each code's columns in order."""
        columns = [code.encode(values) for code, values in zip(self.codes, latents.codes, strict=True)]
        return torch.cat([latents.noise, *columns], dim=1)

    def split(self, parameters: Tensor) -> tuple[Tensor, ...]:
        """Q's output `(n, sum of parameters)` as one tensor per code."""
        return torch.split(parameters, list(self.parameters), dim=1)

    def mutual_information_bounds(self, latents: Latents, parameters: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """`L_I` of each code over the batch, in nats: `E[ln Q(c given x)] + H(c)` (arXiv:1606.03657, eq. 5)."""
        return tuple(
            code.log_likelihood(values, raw).mean() + code.entropy
            for code, values, raw in zip(self.codes, latents.codes, parameters, strict=True)
        )
