"""The paper's networks for SVHN and for CelebA: 32x32 images in color (arXiv:1606.03657, Appendices C.2 and C.3)."""

from __future__ import annotations

from torch import Tensor, nn

from disentangle_bench.models.networks.layers import Discriminator, conv, dense, leaky, q_head, scaled, up_conv


class Svhn:
    """The pair. G ends in a hyperbolic tangent, so images are between -1 and 1 within it and within D."""

    shape = (3, 32, 32)

    def generator(self, inputs: int, width: float = 1.0) -> nn.Module:
        """`(n, inputs)` -> images `(n, 3, 32, 32)` in [0, 1]."""
        maps, wide, middle, narrow = (scaled(channels, width) for channels in (448, 256, 128, 64))
        return nn.Sequential(
            *dense(inputs, 2 * 2 * maps),
            nn.ReLU(inplace=True),
            nn.Unflatten(1, (maps, 2, 2)),
            *up_conv(maps, wide),
            nn.ReLU(inplace=True),
            *up_conv(wide, middle, norm=False),
            nn.ReLU(inplace=True),
            *up_conv(middle, narrow, norm=False),
            nn.ReLU(inplace=True),
            *up_conv(narrow, 3, norm=False),
            nn.Tanh(),
            Affine(0.5, 0.5),
        )

    def discriminator(self, outputs: int, width: float = 1.0) -> Discriminator:
        """Images `(n, 3, 32, 32)` in [0, 1] -> logits `(n,)` and posterior parameters `(n, outputs)`."""
        narrow, middle, wide = (scaled(channels, width) for channels in (64, 128, 256))
        features = wide * 4 * 4
        trunk = nn.Sequential(
            Affine(2, -1),
            *conv(3, narrow, norm=False),
            leaky(),
            *conv(narrow, middle),
            leaky(),
            *conv(middle, wide),
            leaky(),
            nn.Flatten(),
        )
        return Discriminator(trunk, nn.Linear(features, 1), q_head(features, scaled(128, width), outputs))


class Affine(nn.Module):
    """`gain * x + offset`."""

    def __init__(self, gain: float, offset: float) -> None:
        super().__init__()
        self.gain, self.offset = gain, offset

    def forward(self, images: Tensor) -> Tensor:
        """Any shape."""
        return images * self.gain + self.offset


svhn = Svhn()
