"""The body of the small networks that metrics train on images."""

from __future__ import annotations

import torch
from torch import nn

CHANNELS = (32, 64, 128)
GROUPS = 8


def convolutional_layers(shape: torch.Size, hidden: int, *, largest_map: int, group_norm: bool) -> list[nn.Module]:
    """Convolutions of stride 2, each with a ReLU, and a hidden layer `(n, hidden)`.

    Args:
        shape: of an image, `(c, h, w)`.
        hidden: units of the hidden layer.
        largest_map: no convolution follows once both sides of the feature maps are at most this long.
        group_norm: whether convolutions are normalized.
    """
    channels, height, width = shape
    layers: list[nn.Module] = []
    for maps in CHANNELS:
        if max(height, width) > largest_map:
            norm = [nn.GroupNorm(GROUPS, maps)] if group_norm else []
            layers += [nn.Conv2d(channels, maps, 3, stride=2, padding=1), *norm, nn.ReLU(inplace=True)]
            channels, height, width = maps, (height + 1) // 2, (width + 1) // 2
    return [*layers, nn.Flatten(), nn.Linear(channels * height * width, hidden), nn.ReLU(inplace=True)]
