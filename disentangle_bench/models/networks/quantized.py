"""The networks of latent quantization: values that codes can take, an encoder, and a decoder that is told by style."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from disentangle_bench.models.networks.halving import halved
from disentangle_bench.models.networks.layers import scaled
from disentangle_bench.models.networks.linear import Linear

FC, FIRST, WIDEST, LEAK, EPSILON = 256, 32, 256, 0.2, 1e-6
START = 0.1
"""Of the map that the decoder begins with, before it has learned."""
FEWEST, CORNER = 2, 4
"""At least two halvings, and as many as leave maps of 4x4 or less."""


class Quantizer(nn.Module):
    """The values that each code can take, at first evenly spaced from -1/2 to 1/2.

    Args:
        codes: how many.
        k: values of each.
    """

    def __init__(self, codes: int, k: int) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.linspace(-0.5, 0.5, k).repeat(codes, 1))

    def forward(self, continuous: Tensor) -> Tensor:
        """The nearest value of each code, `(n, d)` -> `(n, d)`; its gradient is for the values alone."""
        nearest = self.distances(continuous).argmin(dim=2)
        return self.values.gather(1, nearest.T).T

    def distances(self, continuous: Tensor) -> Tensor:
        """From each value of each code, `(n, d)` -> `(n, d, k)`."""
        return (continuous.detach()[:, :, None] - self.values.detach()).abs()


@dataclass(frozen=True)
class QuantizedAutoencoder:
    """An encoder and a decoder for images of one shape as the program of arXiv:2305.18378 has them.

    Three convolutions to each halving, of which the third halves; 32 feature maps for the first halving, and twice as
    many for each of the next, up to 256. A side that is odd loses a pixel when it is halved, and regains it.

    Attributes:
        shape: `(c, h, w)` of the images.
    """

    shape: tuple[int, int, int]

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Height and width of the images, and then of the maps after each halving."""
        return halved(self.shape[1:], FEWEST, CORNER)

    def maps(self, width: float) -> list[int]:
        """Feature maps of each halving, from the images on."""
        return [scaled(min(FIRST * 2**place, WIDEST), width) for place in range(len(self.sizes) - 1)]

    def encoder(self, codes: int, width: float = 1.0) -> nn.Sequential:
        """Images `(n, c, h, w)` -> `(n, codes)`, not yet quantized."""
        fc, maps, (h, w) = scaled(FC, width), self.maps(width), self.sizes[-1]
        layers: list[nn.Module] = []
        for before, after in pairwise([self.shape[0], *maps]):
            for inputs, kernel in ((before, 3), (after, 3), (after, 4)):
                layers += [nn.Conv2d(inputs, after, kernel, stride=kernel - 2, padding=1, bias=False)]
                layers += [nn.GroupNorm(after, after, eps=EPSILON), nn.LeakyReLU(LEAK, inplace=True)]
        flat = [nn.Flatten(), Linear(maps[-1] * h * w, fc), nn.ReLU(inplace=True)]
        return nn.Sequential(*layers, *flat, Linear(fc, fc), nn.ReLU(inplace=True), nn.Linear(fc, codes))

    def decoder(self, codes: int, width: float = 1.0) -> nn.Module:
        """Codes `(n, codes)` -> the logits of the pixels, `(n, c, h, w)`."""
        return StyleDecoder(codes, self.shape[0], self.maps(width)[::-1], self.sizes[::-1], scaled(FC, width))


class StyleDecoder(nn.Module):
    """A learned map that is turned into an image, with means and scales of its feature maps by the codes.

    Args:
        codes: how many.
        channels: of an image.
        maps: feature maps of each doubling, from the smallest on.
        sizes: height and width of the learned map, and then after each doubling.
        units: of its two fully connected layers.
    """

    def __init__(self, codes: int, channels: int, maps: list[int], sizes: list[tuple[int, int]], units: int) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.full((1, maps[0], *sizes[0]), START))
        self.dense = nn.Sequential(Linear(codes, units), nn.ReLU(), Linear(units, units), nn.ReLU())
        blocks: list[nn.Module] = []
        for before, after, (small, large) in zip([maps[0], *maps], maps, pairwise(sizes), strict=False):
            odd = (large[0] - 2 * small[0], large[1] - 2 * small[1])
            blocks += [StyleBlock(before, after, 3, units), StyleBlock(after, after, 3, units)]
            blocks += [StyleBlock(after, after, 4, units, odd)]
        self.blocks = nn.ModuleList(blocks)
        self.last = nn.Conv2d(maps[-1], channels, 3, padding=1, bias=False)

    def forward(self, codes: Tensor) -> Tensor:
        """`(n, d)` -> `(n, c, h, w)`."""
        style, images = self.dense(codes), self.start.expand(codes.shape[0], -1, -1, -1)
        for block in self.blocks:
            images = block(images, style)
        logits: Tensor = self.last(images)
        return logits


class StyleBlock(nn.Module):
    """A transposed convolution whose feature maps, normalized one by one, are scaled and shifted by the style.

    Args:
        inputs: feature maps.
        outputs: feature maps.
        kernel: 3 keeps the size, 4 doubles it.
        units: of the style.
        odd: by how many pixels height and width are longer than doubled.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, units: int, odd: tuple[int, int] = (0, 0)) -> None:
        super().__init__()
        self.convolution = nn.ConvTranspose2d(
            inputs, outputs, kernel, stride=kernel - 2, padding=1, output_padding=odd, bias=False
        )
        self.style = nn.Sequential(Linear(units, 2 * outputs), nn.ReLU())

    def forward(self, images: Tensor, style: Tensor) -> Tensor:
        """`(n, inputs, h, w)` and `(n, units)` -> `(n, outputs, h, w)`."""
        scale, shift = self.style(style)[:, :, None, None].chunk(2, dim=1)
        maps = F.leaky_relu(self.convolution(images), LEAK)
        styled: Tensor = F.group_norm(maps, maps.shape[1], eps=EPSILON) * scale + shift
        return styled


@torch.no_grad()
def initialize_uniform(network: nn.Module, seed: int) -> None:
    """Draw weights and biases as Equinox's layers do, uniformly within `1 / sqrt(inputs)`."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            inputs = module.weight[0, 0].numel() * (
                module.in_features if isinstance(module, nn.Linear) else module.in_channels
            )
            for weight in module.parameters():
                weight.uniform_(-1 / math.sqrt(inputs), 1 / math.sqrt(inputs), generator=generator)
