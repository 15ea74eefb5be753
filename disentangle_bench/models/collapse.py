"""Known failures of GANs and of InfoGAN: each is nothing, or a sentence that says what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from disentangle_bench.latents import Categorical, LatentSpec

MIN_INFORMATION = 0.01
MIN_SIGMA = 0.01
MIN_SHARE = 0.1
"""A category counts as used if it gets at least this share of what it would get if all were used alike."""


def won_by_discriminator(D_loss: float, won_below: float | None) -> str:
    """A D that always wins."""
    if won_below is not None and D_loss < won_below:
        return f"D's loss is under {won_below:g}: D always wins and G no longer learns"
    return ""


def ignored_codes(L_I: Mapping[str, float]) -> str:
    """Codes that G ignores: `L_I` near 0 nats."""
    ignored = [name for name, value in L_I.items() if value < MIN_INFORMATION]
    if not ignored:
        return ""
    return f"L_I of {', '.join(ignored)} is under {MIN_INFORMATION:g} nats: the images do not show it"


def narrow_posterior(latents: LatentSpec, q: Tensor) -> str:
    """A posterior that runs to a point: the mean sigma of a code that learns it, over Q's output `(n, p)`."""
    narrow = [
        code.name
        for code, parameters in zip(latents.codes, latents.split(q), strict=True)
        if not isinstance(code, Categorical)
        and code.sigma is None
        and float(code.log_sigma(parameters).exp().mean()) < MIN_SIGMA
    ]
    return f"sigma of {', '.join(narrow)} is under {MIN_SIGMA:g}: the posterior runs to a point" if narrow else ""


def unused_categories(categories: Mapping[str, Sequence[int]]) -> str:
    """Categories that Q gives to next to no training image.

    Args:
        categories: for each categorical code, the number of images per category.
    """
    for name, counts in categories.items():
        used = sum(count >= MIN_SHARE * sum(counts) / len(counts) for count in counts)
        if used < len(counts):
            return f"{name} uses {used} of {len(counts)} categories on the training images"
    return ""
