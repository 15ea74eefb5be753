"""The paper's networks for chairs: 64x64 images (arXiv:1606.03657, Appendix C.5), gray as there or in color."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from disentangle_bench.models.networks.layers import (
    Discriminator,
    conv,
    dense,
    flat_conv,
    leaky,
    q_head,
    scaled,
    up_conv,
)


@dataclass(frozen=True)
class ThreeHalvings:
    """Networks for 64x64 images, whose convolutions halve the side three times, or double it.

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
        fc, wide, middle, narrow = (scaled(units, width) for units in (1024, 256, 128, 64))
        return nn.Sequential(
            *dense(inputs, fc),
            nn.ReLU(inplace=True),
            *dense(fc, 8 * 8 * wide),
            nn.ReLU(inplace=True),
            nn.Unflatten(1, (wide, 8, 8)),
            *flat_conv(wide, wide),
            nn.ReLU(inplace=True),
            *flat_conv(wide, wide),
            nn.ReLU(inplace=True),
            *up_conv(wide, middle),
            nn.ReLU(inplace=True),
            *up_conv(middle, narrow),
            nn.ReLU(inplace=True),
            *up_conv(narrow, self.channels, norm=False),
            nn.Sigmoid(),
        )

    def discriminator(self, outputs: int, width: float = 1.0) -> Discriminator:
        """Images `(n, c, 64, 64)` -> logits `(n,)` and posterior parameters `(n, outputs)`."""
        fc, wide, middle, narrow = (scaled(units, width) for units in (1024, 256, 128, 64))
        trunk = nn.Sequential(
            *conv(self.channels, narrow, norm=False),
            leaky(),
            *conv(narrow, middle),
            leaky(),
            *conv(middle, wide),
            leaky(),
            *flat_conv(wide, wide),
            leaky(),
            *flat_conv(wide, wide),
            leaky(),
            nn.Flatten(),
            *dense(wide * 8 * 8, fc),
            leaky(),
        )
        return Discriminator(trunk, nn.Linear(fc, 1), q_head(fc, None, outputs))


chairs = ThreeHalvings(channels=1)
chairs_rgb = ThreeHalvings(channels=3)
