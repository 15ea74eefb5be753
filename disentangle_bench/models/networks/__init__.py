"""Pairs of networks by name, one pair per module."""

from __future__ import annotations

from typing import Protocol

from torch import nn

from disentangle_bench.errors import SettingError
from disentangle_bench.models.networks.halving import Halvings
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


def _fault(thing: object) -> str:
    if isinstance(thing, type):
        return (
            f"is a class: let the entry point name an instance, such as `{thing.__name__.lower()} = {thing.__name__}()`"
        )
    lacking = [name for name in ("shape", "generator", "discriminator") if not hasattr(thing, name)]
    return f"has no {' and no '.join(f'`{name}`' for name in lacking)}" if lacking else ""


NETWORKS: Registry[Pair] = Registry(
    "pair of networks",
    {
        "mnist": f"{_HERE}.mnist:mnist",
        "digits": f"{_HERE}.digits:digits",
        "svhn": f"{_HERE}.svhn:svhn",
        "faces": f"{_HERE}.faces:faces",
        "chairs": f"{_HERE}.chairs:chairs",
        "chairs-rgb": f"{_HERE}.chairs:chairs_rgb",
        "infogan-cr": f"{_HERE}.contrastive:small",
        "infogan-cr-rgb": f"{_HERE}.contrastive:small_rgb",
    },
    group="disentangle_bench.networks",
    fault=_fault,
)
AUTO = "auto"
"""In place of a pair's name: the pair for images of the dataset's shape, or else one of the general family."""
CHANNELS, SMALLEST, LARGEST = (1, 3), 8, 128
"""The images for which the general family has networks: so many channels, and sides from 8 to 128 pixels."""


def find_pair(name: str, shape: tuple[int, int, int], dataset: str) -> Pair:
    """The networks of a name, or with `auto` those for images of a shape `(c, h, w)`.

    Where no pair has the shape, `auto` gives the paper's networks for MNIST with as many halvings as the images need.

    Raises:
        UnknownNameError: there are none of that name. SettingError: there are none for images of that shape.
    """
    pairs = NETWORKS.usable()
    if name != AUTO:
        pair = NETWORKS.get(name)
        if pair.shape == tuple(shape):
            return pair
        fitting = ", ".join(f"{known} {pair.shape}" for known, pair in pairs.items())
        raise SettingError(
            f"{dataset!r} has images {tuple(shape)}; the networks {name!r} make images {pair.shape}.",
            f"Choose networks, or a size of the dataset's images, that go together: {AUTO} (any), {fitting}.",
        )
    # Not those of plug-ins: a package that is installed changes no model that does not name it.
    exact = [pair for known, pair in pairs.items() if NETWORKS.is_builtin(known) and pair.shape == tuple(shape)]
    if exact:
        return exact[0]
    if shape[0] not in CHANNELS or not SMALLEST <= min(shape[1:]) <= max(shape[1:]) <= LARGEST:
        raise SettingError(
            f"{dataset!r} has images {tuple(shape)}; there are no networks for those.",
            f"Give images with 1 or 3 channels and sides of {SMALLEST} to {LARGEST} pixels.",
        )
    return Halvings((shape[0], shape[1], shape[2]), fc=1024, q=128)


__all__ = ["AUTO", "NETWORKS", "Discriminator", "Pair", "find_pair"]
