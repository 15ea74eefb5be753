"""The prior of somebody's generator, described column by column of its input."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from disentangle_bench.errors import SettingError
from disentangle_bench.latents import Categorical, Code, Gaussian, Latents, LatentSpec, NoisePrior, Uniform

_BLOCK = re.compile(r"(?:(gaussian|uniform)(-noise)?|categorical:(\d{1,6}))(?:\*(\d{1,6}))?")
_FORM = (
    "Name the columns of the generator's input in their order, as in gaussian*10 for a VAE's or "
    "uniform-noise*62,categorical:10,uniform*2: gaussian, uniform (on [-1, 1]) and categorical:K (one-hot) are codes, "
    "gaussian-noise and uniform-noise are not."
)


@dataclass(frozen=True)
class Prior:
    """What a generator takes.

    Attributes:
        latents: its noise and codes.
        columns: for each column of its input, the column of `LatentSpec.pack` that stands there.
    """

    latents: LatentSpec
    columns: tuple[int, ...]

    def pack(self, latents: Latents) -> Tensor:
        """The generator's input `(n, width)`."""
        packed = self.latents.pack(latents)
        return packed[:, list(self.columns)]


def read_prior(text: str) -> Prior:
    """Read a description such as `gaussian*10`.

    Raises:
        SettingError: it is not one, has no code, or noise of two priors.

    Example:
        >>> prior = read_prior("categorical:3,uniform-noise*2,uniform")
        >>> prior.latents.names, prior.columns
        (('c1', 'c2'), (2, 3, 4, 0, 1, 5))
    """
    blocks: list[Code | str] = []
    for word in map(str.strip, text.split(",")):
        found = _BLOCK.fullmatch(word)
        if found is None:
            raise SettingError(f"The latents {text!r} cannot be read: {word!r} is not known.", _FORM)
        kind, noise, k, times = found.groups()
        code: Code = Categorical(int(k)) if k else Gaussian() if kind == "gaussian" else Uniform()
        blocks += [kind if noise else code] * int(times or 1)
    codes = tuple(block for block in blocks if not isinstance(block, str))
    priors = {block for block in blocks if isinstance(block, str)}
    if not codes or len(priors) > 1:
        raise SettingError(f"The latents {text!r} have {'noise of two priors' if codes else 'no code'}.", _FORM)
    width = len(blocks) - len(codes)
    latents = LatentSpec(width, codes, cast(NoisePrior, priors.pop()) if priors else "uniform")
    return Prior(latents, _columns(blocks, width))


def _columns(blocks: list[Code | str], noise: int) -> tuple[int, ...]:
    """Where the columns of each block are in `LatentSpec.pack`: all noise first, then the codes in order."""
    widths = torch.tensor([0 if isinstance(block, str) else block.width for block in blocks])
    starts = (noise + widths.cumsum(0) - widths).tolist()
    columns: list[int] = []
    taken = 0
    for block, start in zip(blocks, starts, strict=True):
        if isinstance(block, str):
            columns.append(taken)
            taken += 1
        else:
            columns += range(start, start + block.width)
    return tuple(columns)
