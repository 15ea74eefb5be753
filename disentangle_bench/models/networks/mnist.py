"""The paper's networks for MNIST: 28x28 gray images (arXiv:1606.03657, Table 1)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from disentangle_bench.models.networks.layers import Discriminator, conv, dense, leaky, q_head, scaled, up_conv


@dataclass(frozen=True)
class TwoHalvings:
    """Networks for square gray images whose convolutions halve the side twice, and double it back.

    Attributes:
        side: of the images, a multiple of 4.
        fc: units of the fully connected layer of G and of D.
        q: units of Q's own layer; without it, Q is one layer on D's trunk.
    """

    side: int
    fc: int
    q: int | None

    @property
    def shape(self) -> tuple[int, int, int]:
        """`(c, h, w)` of the images."""
        return (1, self.side, self.side)

    def generator(self, inputs: int, width: float = 1.0) -> nn.Module:
        """`(n, inputs)` -> images `(n, 1, side, side)` in (0, 1)."""
        fc, maps, half, corner = scaled(self.fc, width), scaled(128, width), scaled(64, width), self.side // 4
        return nn.Sequential(
            *dense(inputs, fc),
            nn.ReLU(inplace=True),
            *dense(fc, maps * corner * corner),
            nn.ReLU(inplace=True),
            nn.Unflatten(1, (maps, corner, corner)),
            *up_conv(maps, half),
            nn.ReLU(inplace=True),
            *up_conv(half, 1, norm=False),
            nn.Sigmoid(),
        )

    def discriminator(self, outputs: int, width: float = 1.0) -> Discriminator:
        """Images `(n, 1, side, side)` -> logits `(n,)` and posterior parameters `(n, outputs)`."""
        half, maps, corner = scaled(64, width), scaled(128, width), self.side // 4
        fc = scaled(self.fc, width)
        trunk = nn.Sequential(
            *conv(1, half, norm=False),
            leaky(),
            *conv(half, maps),
            leaky(),
            nn.Flatten(),
            *dense(maps * corner * corner, fc),
            leaky(),
        )
        q = None if self.q is None else scaled(self.q, width)
        return Discriminator(trunk, nn.Linear(fc, 1), q_head(fc, q, outputs))


mnist = TwoHalvings(side=28, fc=1024, q=128)
