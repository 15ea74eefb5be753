"""Random warps of images: small changes of geometry and contrast that leave the class as it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from disentangle_bench.errors import SettingError

DARKEST = 1 / 255
"""Below this, gamma's slope stays as it is there: that of a power under 1 has no bound at 0."""


@dataclass(frozen=True)
class Warp:
    """How far images are warped, each number drawn uniformly from its range, those of scale and gamma on a log scale.

    A dataset's recipe declares what leaves the class of its images as it is: for digits neither flips nor large turns,
    which make a 9 of a 6.

    Attributes:
        rotation: degrees, to either side.
        scale: least and greatest; above 1 enlarges.
        shear: to either side: `x + shear * y`.
        shift: share of the width and of the height, to either side.
        gamma: least and greatest exponent of the intensities; above 1 darkens.

    Raises:
        SettingError: a range that is not positive or does not rise.

    Example:
        >>> import torch
        >>> images = torch.rand(2, 1, 8, 8)
        >>> still = Warp(rotation=0, scale=(1, 1), shear=0, shift=0, gamma=(1, 1))
        >>> torch.allclose(still(images, torch.rand(2, 6)), images, atol=1e-5)
        True
    """

    rotation: float = 20.0
    scale: tuple[float, float] = (0.8, 1.2)
    shear: float = 0.4
    shift: float = 0.12
    gamma: tuple[float, float] = (0.6, 1.6)

    numbers: ClassVar[int] = 6
    """How many uniform numbers a warp of one image takes."""

    def __post_init__(self) -> None:
        for name, (low, high) in {"scale": self.scale, "gamma": self.gamma}.items():
            if not 0 < low <= high < math.inf:
                raise SettingError(
                    f"The {name} of a warp goes from {low:g} to {high:g}.",
                    "Give two positive numbers, the lesser one first.",
                )

    def __call__(self, images: Tensor, u: Tensor) -> Tensor:
        """Warp each image by numbers of its own; gradients pass through to the images.

        Args:
            images: `(n, c, h, w)` in [0, 1].
            u: `(n, 6)` in [0, 1): rotation, scale, shear, shift to the right, shift down, gamma; 0.5 is no rotation, no
                shear and no shift.

        Returns:
            `(n, c, h, w)` float32 in [0, 1]. What lies outside an image is taken from its border.
        """
        degrees, shear, right, down = (u[:, [0, 2, 3, 4]] * 2 - 1).unbind(1)
        angle = degrees * math.radians(self.rotation)
        inverse = inverse_affine(angle, between(self.scale, u[:, 1]), shear * self.shear)
        shift = torch.stack([right, down], dim=1) * self.shift
        return to_power(resample(images.float(), inverse, shift), between(self.gamma, u[:, 5]))


def between(bounds: tuple[float, float], u: Tensor) -> Tensor:
    """The numbers at `u` in [0, 1] on the log scale between two bounds."""
    low, high = map(math.log, bounds)
    return torch.exp(low + (high - low) * u)


def inverse_affine(angle: Tensor, scale: Tensor, shear: Tensor) -> Tensor:
    """The inverses `(n, 2, 2)` of `R(angle) [[1, shear], [0, 1]] scale`, each argument `(n,)`, the angle in radians."""
    cos, sin = torch.cos(angle), torch.sin(angle)
    rows = torch.stack([cos + shear * sin, sin - shear * cos, -sin, cos], dim=1)
    return (rows / scale[:, None]).view(-1, 2, 2)


def resample(images: Tensor, inverse: Tensor, shift: Tensor) -> Tensor:
    """Images whose pixel at p is, bilinearly, that of `images` at `inverse @ (p - shift)`, from the center.

    Args:
        images: `(n, c, h, w)` float32.
        inverse: `(n, 2, 2)`, on (x, y) in pixels.
        shift: `(n, 2)`, (x, y) as shares of width and height.
    """
    h, w = images.shape[2:]
    size = images.new_tensor([w, h])
    y, x = torch.meshgrid(torch.arange(h, device=size.device), torch.arange(w, device=size.device), indexing="ij")
    centered = torch.stack([x, y], dim=2) + 0.5 - size / 2
    p = centered - (shift * size)[:, None, None]  # (n, h, w, 2)
    # written out, since mixed precision would round the coordinates of a matrix product
    source = (inverse[:, None, None] * p[..., None, :]).sum(dim=-1)
    return F.grid_sample(images, source / (size / 2), padding_mode="border", align_corners=False)


def to_power(images: Tensor, gamma: Tensor) -> Tensor:
    """`images ** gamma` for `(n, c, h, w)` and `(n,)`, with a bounded slope at 0."""
    exponent = (gamma - 1)[:, None, None, None]
    return images * images.clamp(min=DARKEST) ** exponent
