"""Encoders and decoders of VAEs: disentanglement_lib's for 64x64, with fewer or more halvings for other sizes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from disentangle_bench.errors import SettingError
from disentangle_bench.models.networks import AUTO, CHANNELS, LARGEST, SMALLEST
from disentangle_bench.models.networks.halving import halved
from disentangle_bench.models.networks.layers import scaled, up_conv
from disentangle_bench.models.networks.linear import Linear

FC = 256
NEAR, FAR, OF_NEAR = (4, 32), (2, 64), 2
"""Kernel size and feature maps of the halvings: of the first two, next to the images, and of the others."""
FEWEST, CORNER = 2, 4
"""At least two halvings, and as many as leave maps of 4x4 or less."""


class GaussianHead(nn.Module):
    """Features `(n, f)` -> mean and ln sigma of each code in turn, `(n, 2 d)`; what is learned is ln sigma squared."""

    def __init__(self, features: int, codes: int) -> None:
        super().__init__()
        self.mean = nn.Linear(features, codes)
        self.log_variance = nn.Linear(features, codes)

    def forward(self, features: Tensor) -> Tensor:
        return torch.stack((self.mean(features), self.log_variance(features) / 2), dim=2).flatten(1)


@dataclass(frozen=True)
class Autoencoder:
    """An encoder and a decoder for images of one shape, without batch norm.

    At 64x64 they are those of "Challenging common assumptions" (arXiv:1811.12359, appendix, table of architectures; the
    third and fourth convolution as its program has them, 2x2). A side that is odd loses a pixel when it is halved, and
    regains it in the decoder.

    Attributes:
        shape: `(c, h, w)` of the images.
    """

    shape: tuple[int, int, int]

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Height and width of the images, and then of the maps after each halving."""
        return halved(self.shape[1:], FEWEST, CORNER)

    def encoder(self, codes: int, width: float = 1.0) -> nn.Sequential:
        """Images `(n, c, h, w)` -> mean and ln sigma of each code in turn, `(n, 2 codes)`."""
        fc, maps, (h, w) = scaled(FC, width), self._maps(width), self.sizes[-1]
        layers: list[nn.Module] = []
        for place, (before, after) in enumerate(pairwise(maps)):
            kernel, _ = NEAR if place < OF_NEAR else FAR
            layers += [nn.Conv2d(before, after, kernel, stride=2, padding=kernel // 2 - 1), nn.ReLU(inplace=True)]
        flat = [nn.Flatten(), Linear(maps[-1] * h * w, fc), nn.ReLU(inplace=True)]
        return nn.Sequential(*layers, *flat, GaussianHead(fc, codes))

    def decoder(self, codes: int, width: float = 1.0) -> nn.Sequential:
        """Codes `(n, codes)` -> the logits of the pixels, `(n, c, h, w)`."""
        fc, maps, (h, w) = scaled(FC, width), self._maps(width), self.sizes[-1]
        odd = [(h % 2, w % 2) for h, w in self.sizes]
        layers: list[nn.Module] = [Linear(codes, fc), nn.ReLU(inplace=True), Linear(fc, maps[-1] * h * w)]
        layers += [nn.ReLU(inplace=True), nn.Unflatten(1, (maps[-1], h, w))]
        for place in range(len(maps) - 1, 0, -1):
            layers += [*up_conv(maps[place], maps[place - 1], norm=False, odd=odd[place - 1]), nn.ReLU(inplace=True)]
        return nn.Sequential(*layers[:-1])

    def _maps(self, width: float) -> list[int]:
        """The channels of an image, and then the feature maps after each halving."""
        kinds = [NEAR if place < OF_NEAR else FAR for place in range(len(self.sizes) - 1)]
        return [self.shape[0], *(scaled(maps, width) for _, maps in kinds)]


def find_autoencoder(name: str, shape: tuple[int, int, int], dataset: str) -> Autoencoder:
    """The encoder and decoder for images of a shape `(c, h, w)`.

    Raises:
        SettingError: networks by a name, which are pairs of a generator and a discriminator; images of another shape.
    """
    if name != AUTO:
        raise SettingError(
            f"networks.name is {name!r}; a VAE has an encoder and a decoder of its own.",
            f"Leave it out, or give {AUTO}.",
        )
    if shape[0] not in CHANNELS or not SMALLEST <= min(shape[1:]) <= max(shape[1:]) <= LARGEST:
        raise SettingError(
            f"{dataset!r} has images {tuple(shape)}; there are no networks for those.",
            f"Give images with 1 or 3 channels and sides of {SMALLEST} to {LARGEST} pixels.",
        )
    return Autoencoder(shape)


@torch.no_grad()
def initialize_glorot(network: nn.Module, seed: int) -> None:
    """Draw all weights as TensorFlow's layers do, uniform and by fan-in and fan-out; biases are zero."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            if module.bias is not None:
                module.bias.zero_()
