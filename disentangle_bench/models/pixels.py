"""The pixels themselves as codes: what a representation gives away that nothing was done to."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor, nn

from disentangle_bench.errors import SettingError
from disentangle_bench.models.fitted import Fitted, as_points
from disentangle_bench.models.model import Shape
from disentangle_bench.recipe import Recipe


class Pixels(Fitted):
    """Averages of a grid of areas of each channel, in [0, 1]; there are as many as codes.

    The grid is the one of the most equal sides: with 48 codes 6 x 8 areas of a gray image, and 4 x 4 of one in color.
    All pixels of a 64x64 image would be 4,096 columns or more, too many for metrics that fit each to every factor.
    """

    summary = "Pixels, a floor: the images themselves, averaged over a coarse grid."
    source = "defined here"

    def __init__(self, recipe: Recipe, shape: Shape, seed: int = 0) -> None:
        super().__init__(recipe, shape, seed)
        areas, left = divmod(len(self.latents.codes), shape[0])
        if left:
            raise SettingError(
                f"{len(self.latents.codes)} codes are not a grid of images with {shape[0]} channels.",
                f"Give a multiple of {shape[0]}.",
            )
        high = max(side for side in range(1, math.isqrt(areas) + 1) if areas % side == 0)
        self.networks = {"grid": nn.Sequential(nn.AdaptiveAvgPool2d((high, areas // high)), nn.Flatten())}

    def parts(self) -> dict[str, Callable[[Tensor], Tensor]]:
        """Images are turned into codes; there is no generator."""
        grid = self.networks["grid"]
        return {"encoder": lambda images: as_points(grid(images))}
