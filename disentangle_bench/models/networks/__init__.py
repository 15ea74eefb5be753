"""Pairs of networks by name, one pair per module."""

from __future__ import annotations

from typing import Protocol

from torch import nn

from disentangle_bench.models.networks.layers import Discriminator
from disentangle_bench.registry import Registry


class Pair(Protocol):
    """A generator and a discriminator for images of one shape."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """`(c, h, w)` of the images."""
        ...

    def generator(self, inputs: int, width: float = 1.0) -> nn.Module:
        """`(n, inputs)` -> images in [0, 1]."""
        ...

    def discriminator(self, outputs: int, width: float = 1.0) -> Discriminator:
        """Images -> logits and posterior parameters."""
        ...


_HERE = "disentangle_bench.models.networks"

NETWORKS: Registry[Pair] = Registry(
    "pair of networks", {"mnist": f"{_HERE}.mnist:mnist", "digits": f"{_HERE}.digits:digits"}
)

__all__ = ["NETWORKS", "Discriminator", "Pair"]
