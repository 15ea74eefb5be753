"""The networks of InfoGAN-CR's program: a small pair for 64x64 images, and the judge of pairs of images."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import nn

from disentangle_bench.models.networks.halving import halved
from disentangle_bench.models.networks.layers import Discriminator, conv, dense, scaled, up_conv
from disentangle_bench.models.networks.linear import Linear

LEAK, FC = 0.2, 128
NEAR, FAR, OF_NEAR = 32, 64, 2
"""Feature maps of the halvings: of the first two, next to the images, and of the others."""
FEWEST, CORNER = 2, 4
"""At least two halvings, and as many as leave maps of 4x4 or less."""


@dataclass(frozen=True)
class SmallHalvings:
    """The pair for 64x64 images as the program of arXiv:1906.06034 has it: G's batch norm follows its rectifiers.

    Attributes:
        channels: of an image.
    """

    channels: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """`(c, h, w)` of the images."""
        return (self.channels, 64, 64)

    def generator(self, inputs: int, width: float = 1.0) -> nn.Module:
        """`(n, inputs)` -> images `(n, c, 64, 64)` in (0, 1)."""
        fc, near, far = (scaled(units, width) for units in (FC, NEAR, FAR))
        layers: list[nn.Module] = [*dense(inputs, fc, norm=False), nn.ReLU(inplace=True), nn.BatchNorm1d(fc)]
        layers += [*dense(fc, 4 * 4 * far, norm=False), nn.ReLU(inplace=True), nn.BatchNorm1d(4 * 4 * far)]
        layers += [nn.Unflatten(1, (far, 4, 4))]
        for before, after in ((far, far), (far, near), (near, near)):
            layers += [*up_conv(before, after, norm=False), leaky(), nn.BatchNorm2d(after)]
        return nn.Sequential(*layers, *up_conv(near, self.channels, norm=False), nn.Sigmoid())

    def discriminator(self, outputs: int, width: float = 1.0) -> Discriminator:
        """Images `(n, c, 64, 64)` -> logits `(n,)` and posterior parameters `(n, outputs)`."""
        fc = scaled(FC, width)
        q_head = nn.Sequential(Linear(fc, fc), leaky(), nn.Linear(fc, outputs))
        return Discriminator(small_trunk(self.channels, (64, 64), width), nn.Linear(fc, 1), q_head)


def small_trunk(channels: int, sides: tuple[int, int], width: float = 1.0) -> nn.Sequential:
    """Images `(n, channels, h, w)` -> features `(n, 128)`, without batch norm."""
    sizes = halved(sides, FEWEST, CORNER)
    maps = [channels, *(scaled(NEAR if place < OF_NEAR else FAR, width) for place in range(len(sizes) - 1))]
    layers = [layer for before, after in pairwise(maps) for layer in (*conv(before, after, norm=False), leaky())]
    flat = maps[-1] * sizes[-1][0] * sizes[-1][1]
    return nn.Sequential(*layers, nn.Flatten(), Linear(flat, scaled(FC, width)), leaky())


def leaky() -> nn.Module:
    """The leaky rectifier of the program."""
    return nn.LeakyReLU(LEAK, inplace=True)


small = SmallHalvings(channels=1)
small_rgb = SmallHalvings(channels=3)
