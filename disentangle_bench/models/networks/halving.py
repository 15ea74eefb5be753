"""Networks for images of any size, as the paper's for MNIST: convolutions halve the sides, and double them back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import nn

from disentangle_bench.models.networks.layers import Discriminator, conv, dense, leaky, q_head, scaled, up_conv

NARROW, WIDEST = 64, 256
FEWEST, CORNER = 2, 8
"""As in the paper: at least two halvings, and as many as leave maps of 8x8 or less."""


@dataclass(frozen=True)
class Halvings:
    """Networks for images of one shape. A side that is odd loses a pixel when it is halved, and regains it in G.

    The feature maps are 64 next to the images, and twice as many after each halving, up to 256.

    Attributes:
        shape: `(c, h, w)` of the images, with sides of 4 or more.
        fc: units of the fully connected layer of G and of D.
        q: units of Q's own layer; without it, Q is one layer on D's trunk.
    """

    shape: tuple[int, int, int]
    fc: int
    q: int | None

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Height and width of the images, and then of the maps after each halving."""
        return halved(self.shape[1:], FEWEST, CORNER)

    def generator(self, inputs: int, width: float = 1.0) -> nn.Module:
        """`(n, inputs)` -> images `(n, c, h, w)` in (0, 1)."""
        fc, maps, (h, w) = scaled(self.fc, width), self._maps(width), self.sizes[-1]
        layers = [
            *dense(inputs, fc),
            nn.ReLU(inplace=True),
            *dense(fc, maps[-1] * h * w),
            nn.ReLU(inplace=True),
            nn.Unflatten(1, (maps[-1], h, w)),
        ]
        odd = [(h % 2, w % 2) for h, w in self.sizes]
        for place in range(len(maps) - 1, 1, -1):
            layers += [*up_conv(maps[place], maps[place - 1], odd=odd[place - 1]), nn.ReLU(inplace=True)]
        return nn.Sequential(*layers, *up_conv(maps[1], maps[0], norm=False, odd=odd[0]), nn.Sigmoid())

    def discriminator(self, outputs: int, width: float = 1.0) -> Discriminator:
        """Images `(n, c, h, w)` -> logits `(n,)` and posterior parameters `(n, outputs)`."""
        fc, maps, (h, w) = scaled(self.fc, width), self._maps(width), self.sizes[-1]
        halvings = [
            [*conv(before, after, norm=place > 0), leaky()] for place, (before, after) in enumerate(pairwise(maps))
        ]
        flat = [nn.Flatten(), *dense(maps[-1] * h * w, fc), leaky()]
        trunk = nn.Sequential(*(layer for halving in halvings for layer in halving), *flat)
        q = None if self.q is None else scaled(self.q, width)
        return Discriminator(trunk, nn.Linear(fc, 1), q_head(fc, q, outputs))

    def _maps(self, width: float) -> list[int]:
        """The channels of an image, and then the feature maps after each halving."""
        halvings = len(self.sizes) - 1
        return [self.shape[0], *(scaled(min(NARROW * 2**number, WIDEST), width) for number in range(halvings))]


def halved(sides: tuple[int, int], fewest: int, corner: int) -> list[tuple[int, int]]:
    """Height and width of images, and of the maps after each halving, until none is larger than a corner.

    Args:
        sides: `(h, w)` of the images.
        fewest: halvings, whatever the size.
        corner: the largest side of the last maps, unless the other side is 1 by then.
    """
    sizes = [sides]
    while len(sizes) <= fewest or (max(sizes[-1]) > corner and min(sizes[-1]) > 1):
        h, w = sizes[-1]
        sizes.append((h // 2, w // 2))
    return sizes
