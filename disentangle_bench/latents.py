"""Codes and noise: priors, sampling, exact entropies, posterior likelihoods and the generator's input.

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
MIN_LOG_SIGMA = -6.0  # sigma of 0.0025; L_I grows without bound as a posterior collapses to a point


@dataclass(frozen=True)
class Categorical:
    """A code with `k` equally likely categories: values `(n,)` int64, posterior parameters `(n, k)`, the logits."""

    k: int
    name: str = UNNAMED
    weight: float = 1.0

    kind = "categorical"

    def __post_init__(self) -> None:
        if self.k < 2:
            raise SettingError(
                f"Code {self.name!r} has k = {self.k} categories.", "A categorical code needs at least 2."
            )

    @property
    def width(self) -> int:
        """Columns of the generator's input, one-hot."""
        return self.k

    @property
    def parameters(self) -> int:
        """Outputs of Q for this code, the logits."""
        return self.k

    @property
    def entropy(self) -> float:
        """`H(c) = ln k`, in nats."""
        return math.log(self.k)

    @property
    def uninformed_bound(self) -> float:
        """`L_I` of the best posterior that ignores the image: that of the uniform one, 0."""
        return 0.0

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw `(n,)` int64 categories from the prior."""
        return torch.randint(self.k, (n,), generator=generator)

    def sample_balanced(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw `(n,)` int64 categories, each `n / k` times, in random order: stratified sampling from the prior.

        Where k does not divide n, categories drawn at random come once more than the others, so that every single draw
        is from the prior still.
        """
        categories = torch.randperm(self.k, generator=generator).repeat(-(-n // self.k))[:n]
        return categories[torch.randperm(n, generator=generator)]

    def encode(self, values: Tensor) -> Tensor:
        """Encode categories `(n,)` one-hot, `(n, k)` float32."""
        return F.one_hot(values, self.k).float()

    def log_likelihood(self, values: Tensor, parameters: Tensor) -> Tensor:
        """Compute `ln Q(c given x)`, `(n,)`: the log-softmax of the logits `(n, k)` at the categories `(n,)`."""
        return -F.cross_entropy(parameters.float(), values, reduction="none")

    def estimate(self, parameters: Tensor) -> Tensor:
        """Choose the most likely category, `(n,)` int64."""
        return parameters.argmax(dim=1)


@dataclass(frozen=True)
class _Continuous(ABC):
    """A continuous code, whose posterior is a Gaussian with learned or fixed sigma."""

    name: str = UNNAMED
    weight: float = 0.1
    sigma: float | None = None

    kind = "continuous"
    width = 1

    def __post_init__(self) -> None:
        if self.sigma is not None and not 0 < self.sigma < math.inf:
            raise SettingError(
                f"Code {self.name!r} has a fixed sigma of {self.sigma}.",
                "Give a positive number, or omit it so that Q learns it.",
            )

    @property
    def parameters(self) -> int:
        """Outputs of Q for this code: the mean and, unless sigma is fixed, ln sigma."""
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
        """`L_I` in nats of the best posterior that ignores the image: mean 0 and, unless fixed, the prior's sigma.

        It is below 0 where no Gaussian equals the prior: -0.18 for a uniform code, -0.39 with a fixed sigma of 1.
        """
        sigma = math.sqrt(self.variance) if self.sigma is None else self.sigma
        return self.entropy - 0.5 * (self.variance / sigma**2 + math.log(2 * math.pi * sigma**2))

    def encode(self, values: Tensor) -> Tensor:
        """Encode values `(n,)` as one column, `(n, 1)` float32."""
        return values.float().unsqueeze(1)

    def log_likelihood(self, values: Tensor, parameters: Tensor) -> Tensor:
        """Compute `ln Q(c given x)`, `(n,)`: the Gaussian's log-density at the values `(n,)`."""
        log_sigma = self.log_sigma(parameters)
        standardized = (values - parameters[:, 0].float()) * torch.exp(-log_sigma)
        return -0.5 * standardized.square() - log_sigma - 0.5 * math.log(2 * math.pi)

    def log_sigma(self, parameters: Tensor) -> Tensor:
        """Compute `ln sigma` of the posterior, `(n,)`."""
        if self.sigma is not None:
            return torch.full_like(parameters[:, 0], math.log(self.sigma), dtype=torch.float32)
        return parameters[:, 1].float().clamp(min=MIN_LOG_SIGMA)

    def estimate(self, parameters: Tensor) -> Tensor:
        """Compute the posterior mean, `(n,)` float32."""
        return parameters[:, 0].float()


@dataclass(frozen=True)
class Uniform(_Continuous):
    """A code uniform on [-1, 1]: values `(n,)` float32, posterior parameters `(n, 2)`, mean and ln sigma."""

    variance = 1 / 3

    @property
    def entropy(self) -> float:
        """`H(c) = ln 2`, in nats."""
        return math.log(2)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw `(n,)` float32 values from the prior."""
        return torch.rand(n, generator=generator) * 2 - 1


@dataclass(frozen=True)
class Gaussian(_Continuous):
    """A standard normal code: values `(n,)` float32, posterior parameters `(n, 2)`, mean and ln sigma."""

    variance = 1.0

    @property
    def entropy(self) -> float:
        """`H(c) = ln(2 pi e) / 2`, in nats."""
        return 0.5 * math.log(2 * math.pi * math.e)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw `(n,)` float32 values from the prior."""
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
    """A batch of noise `(n, z)` and of codes, one tensor `(n,)` each."""

    noise: Tensor
    codes: tuple[Tensor, ...]

    def __len__(self) -> int:
        return len(self.noise)

    def to(self, device: torch.device | str) -> Latents:
        """Move all latents to a device."""
        return Latents(
            self.noise.to(device, non_blocking=True), tuple(c.to(device, non_blocking=True) for c in self.codes)
        )

    def replace(self, index: int, values: Tensor) -> Latents:
        """Set code `index` to `values (n,)`, in a copy."""
        return Latents(self.noise, (*self.codes[:index], values, *self.codes[index + 1 :]))

    def rows(self, index: Tensor | slice) -> Latents:
        """Select rows."""
        return Latents(self.noise[index], tuple(c[index] for c in self.codes))


@dataclass(frozen=True)
class LatentSpec:
    """The noise and the ordered codes of a generator.

    Attributes:
        noise: number of noise variables `z`.
        codes: the codes; those without a name are named c1, c2, ... by position.
        noise_prior: uniform on [-1, 1] as in the authors' code, or standard normal.
        balanced: whether every training batch has each category of a code equally often.
    """

    noise: int
    codes: tuple[Code, ...]
    noise_prior: NoisePrior = "uniform"
    balanced: bool = False

    def __post_init__(self) -> None:
        if self.noise < 0 or not self.codes:
            raise SettingError(
                f"A latent spec with {self.noise} noise variables and {len(self.codes)} codes.",
                "Give 0 or more noise variables and at least one code.",
            )
        if self.noise_prior not in get_args(NoisePrior):
            raise SettingError(
                f"{self.noise_prior!r} is not a prior of the noise.", f"Use one of {', '.join(get_args(NoisePrior))}."
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
        """Draw `n` rows from the priors, on the CPU, so that a seed gives the same latents on every device."""
        noise = (
            torch.rand(n, self.noise, generator=generator) * 2 - 1
            if self.noise_prior == "uniform"
            else torch.randn(n, self.noise, generator=generator)
        )
        return Latents(noise, tuple(code.sample(n, generator) for code in self.codes))

    def sample_batch(self, n: int, generator: torch.Generator | None = None) -> Latents:
        """Draw the `n` rows of a training batch: as `sample`, but for the categories if they are to be `balanced`.

        Example:
            >>> import torch
            >>> spec = LatentSpec(2, (Categorical(3),), balanced=True)
            >>> spec.sample_batch(9, torch.Generator().manual_seed(0)).codes[0].bincount().tolist()
            [3, 3, 3]
        """
        drawn = self.sample(n, generator)
        if self.balanced:
            for place, code in enumerate(self.codes):
                if isinstance(code, Categorical):
                    drawn = drawn.replace(place, code.sample_balanced(n, generator))
        return drawn

    def pack(self, latents: Latents) -> Tensor:
        """Concatenate the generator's input `(n, width)`: noise, then the columns of each code in order."""
        columns = [code.encode(values) for code, values in zip(self.codes, latents.codes, strict=True)]
        return torch.cat([latents.noise, *columns], dim=1)

    def split(self, parameters: Tensor) -> tuple[Tensor, ...]:
        """Split Q's output `(n, sum of parameters)` into one tensor per code."""
        return torch.split(parameters, list(self.parameters), dim=1)

    def mutual_information_bounds(self, latents: Latents, parameters: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Compute `L_I` of each code over the batch, in nats: `E[ln Q(c given x)] + H(c)` (arXiv:1606.03657, eq. 5)."""
        return tuple(
            code.log_likelihood(values, raw).mean() + code.entropy
            for code, values, raw in zip(self.codes, latents.codes, parameters, strict=True)
        )
