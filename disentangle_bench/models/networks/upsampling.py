"""The networks of the PyTorch port of InfoGAN (PyTorch-GAN), whose generator doubles sides by repeating pixels."""

from __future__ import annotations

from torch import nn

from disentangle_bench.errors import SettingError
from disentangle_bench.models.networks.layers import Discriminator, scaled
from disentangle_bench.models.networks.svhn import Affine

LEAK, DROPOUT = 0.2, 0.25


def upsampling_generator(inputs: int, shape: tuple[int, int, int], width: float = 1.0) -> nn.Module:
    """`(n, inputs)` -> images `(n, c, h, w)` in [0, 1].

    Raises:
        SettingError: a side is not a multiple of 4.
    """
    channels, h, w = shape
    if h % 4 or w % 4:
        raise SettingError(
            f"The images are {h}x{w}; these networks make images with sides that are multiples of 4.",
            "Choose a size of the dataset's images, or another model.",
        )
    wide, narrow = scaled(128, width), scaled(64, width)
    return nn.Sequential(
        nn.Linear(inputs, wide * (h // 4) * (w // 4)),
        nn.Unflatten(1, (wide, h // 4, w // 4)),
        nn.BatchNorm2d(wide),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(wide, wide, 3, padding=1),
        nn.BatchNorm2d(wide),
        nn.LeakyReLU(LEAK, inplace=True),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(wide, narrow, 3, padding=1),
        nn.BatchNorm2d(narrow),
        nn.LeakyReLU(LEAK, inplace=True),
        nn.Conv2d(narrow, channels, 3, padding=1),
        nn.Tanh(),
        Affine(0.5, 0.5),
    )


def dropout_discriminator(outputs: int, shape: tuple[int, int, int], width: float = 1.0) -> Discriminator:
    """Images `(n, c, h, w)` in [0, 1] -> logits `(n,)` and posterior parameters `(n, outputs)`; Q is one layer.

    There are four halvings, or fewer where a side is a single pixel before.
    """
    before, h, w = shape
    layers: list[nn.Module] = [Affine(2, -1)]
    for place, maps in enumerate(scaled(maps, width) for maps in (16, 32, 64, 128)):
        if min(h, w) == 1:
            break
        layers += [nn.Conv2d(before, maps, 3, stride=2, padding=1), nn.LeakyReLU(LEAK, inplace=True)]
        layers += [nn.Dropout2d(DROPOUT), *([nn.BatchNorm2d(maps)] if place > 0 else [])]
        before, h, w = maps, -(-h // 2), -(-w // 2)
    features = before * h * w
    q_head = nn.Sequential(nn.Linear(features, outputs))
    return Discriminator(nn.Sequential(*layers, nn.Flatten()), nn.Linear(features, 1), q_head)
