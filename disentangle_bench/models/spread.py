"""How far generated images are apart: over all latents, and where one code alone is drawn again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from disentangle_bench.latents import LatentSpec

STARTS = 32
"""Pairs of images for each code."""
SEED = 0


def spread_of(images: Tensor) -> float:
    """The standard deviation of each pixel over images `(n, c, h, w)`, root-mean-square over the pixels."""
    return float(images.float().var(dim=0).mean().sqrt())


def effects_of(G: nn.Module, latents: LatentSpec) -> dict[str, float]:
    """What each code does to the images: their spread where it alone is drawn again, root-mean-square over starts.

    The starts are always the same.

    Args:
        G: packed latents -> images `(n, c, h, w)`, see `looked_at`.
        latents: the priors.
    """
    generator = torch.Generator().manual_seed(SEED)
    first, other = (latents.sample(STARTS, generator) for _ in range(2))
    changed = [first.replace(place, values) for place, values in enumerate(other.codes)]
    packed = torch.cat([latents.pack(rows) for rows in (first, *changed)])  # one batch, for its statistics
    images, *after = G(packed.to(next(G.parameters()).device)).float().split(STARTS)
    return {  # the variance of two draws is half of their squared difference
        name: float((each - images).square().mean().div(2).sqrt())
        for name, each in zip(latents.names, after, strict=True)
    }


@contextmanager
def looked_at(*networks: nn.Module) -> Iterator[None]:
    """Let networks compute as in training while nothing of them changes: no gradient, no running statistics."""
    modules = [module for network in networks for module in network.modules()]
    modes = [module.training for module in modules]
    tracking = [module for module in modules if isinstance(module, _BatchNorm) and module.track_running_stats]
    try:
        for network in networks:
            network.eval()
        for norm in tracking:
            norm.training, norm.track_running_stats = True, False
        with torch.no_grad():
            yield
    finally:
        for norm in tracking:
            norm.track_running_stats = True
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode
