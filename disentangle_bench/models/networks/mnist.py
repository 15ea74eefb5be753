"""The paper's networks for MNIST: 28x28 grey images (arXiv:1606.03657, Table 1)."""

from __future__ import annotations

from torch import nn

from disentangle_bench.models.networks.layers import Discriminator, conv, dense, leaky, scaled, up_conv

SHAPE = (1, 28, 28)


def generator(inputs: int, width: float = 1.0) -> nn.Module:
    """`(n, inputs)` -> images `(n, 1, 28, 28)` in (0, 1)."""
    fc, maps, half = scaled(1024, width), scaled(128, width), scaled(64, width)
    return nn.Sequential(
        *dense(inputs, fc),
        nn.ReLU(inplace=True),
        *dense(fc, maps * 7 * 7),
        nn.ReLU(inplace=True),
        nn.Unflatten(1, (maps, 7, 7)),
        *up_conv(maps, half),
        nn.ReLU(inplace=True),
        *up_conv(half, 1, norm=False),
        nn.Sigmoid(),
    )


def discriminator(outputs: int, width: float = 1.0) -> Discriminator:
    """Images `(n, 1, 28, 28)` -> logits `(n,)` and posterior parameters `(n, outputs)`."""
    half, maps, fc, q = scaled(64, width), scaled(128, width), scaled(1024, width), scaled(128, width)
    trunk = nn.Sequential(
        *conv(1, half, norm=False),
        leaky(),
        *conv(half, maps),
        leaky(),
        nn.Flatten(),
        *dense(maps * 7 * 7, fc),
        leaky(),
    )
    recogniser = nn.Sequential(*dense(fc, q), leaky(), nn.Linear(q, outputs))
    return Discriminator(trunk, nn.Linear(fc, 1), recogniser)
