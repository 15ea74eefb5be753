"""A small pair for 8x8 grey images: the paper's MNIST networks with a quarter of the pixels' side."""

from __future__ import annotations

from torch import nn

from disentangle_bench.models.networks.layers import Discriminator, conv, dense, leaky, scaled, up_conv

SHAPE = (1, 8, 8)


def generator(inputs: int, width: float = 1.0) -> nn.Module:
    """`(n, inputs)` -> images `(n, 1, 8, 8)` in (0, 1)."""
    fc, maps, half = scaled(256, width), scaled(128, width), scaled(64, width)
    return nn.Sequential(
        *dense(inputs, fc),
        nn.ReLU(inplace=True),
        *dense(fc, maps * 2 * 2),
        nn.ReLU(inplace=True),
        nn.Unflatten(1, (maps, 2, 2)),
        *up_conv(maps, half),
        nn.ReLU(inplace=True),
        *up_conv(half, 1, norm=False),
        nn.Sigmoid(),
    )


def discriminator(outputs: int, width: float = 1.0) -> Discriminator:
    """Images `(n, 1, 8, 8)` -> logits `(n,)` and posterior parameters `(n, outputs)`."""
    half, maps, fc, q = scaled(64, width), scaled(128, width), scaled(256, width), scaled(64, width)
    trunk = nn.Sequential(
        *conv(1, half, norm=False),
        leaky(),
        *conv(half, maps),
        leaky(),
        nn.Flatten(),
        *dense(maps * 2 * 2, fc),
        leaky(),
    )
    recogniser = nn.Sequential(*dense(fc, q), leaky(), nn.Linear(q, outputs))
    return Discriminator(trunk, nn.Linear(fc, 1), recogniser)
