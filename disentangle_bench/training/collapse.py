"""The collapse watch: known failures of GANs and of InfoGAN, told as they show and recorded in the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from disentangle_bench.latents import LatentSpec
from disentangle_bench.run import OK

MIN_DISCRIMINATOR_LOSS = 1e-3
MIN_INFORMATION = 0.01
MIN_SIGMA = 0.01
MIN_SHARE = 0.1
"""A category counts as used if it gets at least this share of what it would get if all were used alike."""


def diverged(broken: Sequence[str]) -> str:
    """Why not, for losses or weights that are no longer numbers."""
    shown = ", ".join(broken[:3]) + (", ..." if len(broken) > 3 else "")
    return f"collapsed: {shown} {'is not a finite number' if len(broken) == 1 else 'are not finite numbers'}"


def watch_losses(losses: Mapping[str, float]) -> str:
    """`ok`, or why not: a D that always wins."""
    if losses["discriminator_loss"] < MIN_DISCRIMINATOR_LOSS:
        return f"collapsed: D's loss is under {MIN_DISCRIMINATOR_LOSS:g}: D always wins and G no longer learns"
    return OK


def watch_information(information: Mapping[str, float], sigmas: Mapping[str, float]) -> str:
    """`ok`, or why not: codes that G ignores (`L_I` in nats near 0), or a posterior that runs to a point."""
    ignored = [name for name, value in information.items() if value < MIN_INFORMATION]
    if ignored:
        return f"collapsed: L_I of {', '.join(ignored)} is under {MIN_INFORMATION:g} nats: the images do not show it"
    narrow = [name for name, value in sigmas.items() if value < MIN_SIGMA]
    if narrow:
        return f"collapsed: sigma of {', '.join(narrow)} is under {MIN_SIGMA:g}: the posterior runs to a point"
    return OK


def watch_categories(latents: LatentSpec, categories: Mapping[str, Sequence[int]]) -> str:
    """`ok`, or why not: categories that Q gives to next to no training image.

    Args:
        latents: the spec, for the number of categories.
        categories: for each categorical code, the number of images per category.
    """
    for code in latents.codes:
        counts = categories.get(code.name)
        if counts is None:
            continue
        used = sum(count >= MIN_SHARE * sum(counts) / len(counts) for count in counts)
        if used < len(counts):
            return f"collapsed: {code.name} uses {used} of {len(counts)} categories on the training images"
    return OK
