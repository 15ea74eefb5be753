"""Pairs of networks by name, one pair per module."""

from __future__ import annotations

from typing import Protocol

from torch import nn

from disentangle_bench.errors import SettingError
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
    "pair of networks",
    {
        "mnist": f"{_HERE}.mnist:mnist",
        "digits": f"{_HERE}.digits:digits",
        "svhn": f"{_HERE}.svhn:svhn",
        "faces": f"{_HERE}.faces:faces",
        "chairs": f"{_HERE}.chairs:chairs",
        "chairs-rgb": f"{_HERE}.chairs:chairs_rgb",
    },
)
AUTO = "auto"
"""In place of a pair's name: the pair for images of the dataset's shape."""


def find_pair(name: str, shape: tuple[int, int, int], dataset: str) -> Pair:
    """The networks of a name, or with `auto` those for images of a shape `(c, h, w)`.

    Raises:
        UnknownNameError: there are none of that name. SettingError: they are for images of another shape.
    """
    pairs = {known: NETWORKS.get(known) for known in NETWORKS}
    pair = next((pair for pair in pairs.values() if pair.shape == shape), None) if name == AUTO else NETWORKS.get(name)
    if pair is not None and pair.shape == tuple(shape):
        return pair
    made = "there are no networks for those" if pair is None else f"the networks {name!r} make images {pair.shape}"
    fitting = ", ".join(f"{known} {pair.shape}" for known, pair in pairs.items())
    raise SettingError(
        f"{dataset!r} has images {tuple(shape)}; {made}.",
        f"Choose networks, or a size of the dataset's images, that go together: {fitting}.",
    )


__all__ = ["AUTO", "NETWORKS", "Discriminator", "Pair", "find_pair"]
