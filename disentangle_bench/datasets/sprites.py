"""Sprites: a square, an ellipse or a heart under dSprites' six factors, as a procedural dataset.

A stand-in for dSprites (github.com/google-deepmind/dsprites-dataset): the same factors, values, order and proportions,
but not the same pixels. Its author drew vectors on a canvas of the size 1 and thresholded them (issue 2 of that
repository, which also gives the heart's curve).
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.grid import grid_dataset
from disentangle_bench.datasets.ground_truth import combinations, grid
from disentangle_bench.datasets.images import LazyImages
from disentangle_bench.datasets.rendering.stencils import SHAPES, Stencils
from disentangle_bench.errors import SettingError

REACH = 0.2
"""How far a sprite of scale 1 reaches from its center, as a share of the frame; and how near its center comes to it."""
LIMITS = {"size": (8, 1024), "colors": (1, 360), "scales": (1, 100), "orientations": (1, 3600), "positions": (1, 1024)}
MOST_IMAGES = 10_000_000


class SpriteImages(LazyImages):
    """The images of a grid of sprites.

    Args:
        factors: color, shape, scale, orientation, posX and posY.
        size: pixels along an image.
    """

    def __init__(self, factors: Sequence[Factor], size: int) -> None:
        self.sizes = tuple(len(factor.values) for factor in factors)
        _, shapes, scales, orientations, x, _ = (factor.values for factor in factors)
        angles = [float(angle) % (2 * math.pi) for angle in orientations]
        places = (REACH + (1 - 2 * REACH) * np.array(x, dtype=float)) * size
        radii = [REACH * size * float(scale) for scale in scales]
        self.stencils = Stencils(size, [str(shape) for shape in shapes], radii, angles, places)
        hues = [colorsys.hsv_to_rgb(float(hue), 1, 1) for hue in factors[0].values] if self.sizes[0] > 1 else [(1.0,)]
        self.colors = np.rint(np.multiply(hues, 255)).astype(np.uint8)  # (colors, channels); hues are fully saturated
        self.shape = (math.prod(self.sizes), self.colors.shape[1], size, size)

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Draw the sprites of these rows."""
        color, shape, scale, orientation, x, y = np.unravel_index(rows, self.sizes)
        kinds = np.ravel_multi_index((shape, scale, orientation), self.sizes[1:4])
        masks = self.stencils.masks(kinds, x, y)
        images = np.zeros((len(rows), *self.shape[1:]), np.uint8)
        width = self.stencils.width
        windows = np.lib.stride_tricks.sliding_window_view(images, (width, width), axis=(2, 3), writeable=True)
        top, left, each = self.stencils.starts[y], self.stencils.starts[x], np.arange(len(rows))
        for channel in range(self.shape[1]):
            windows[each, channel, top, left] = masks & self.colors[color, channel, None, None]
        return images


def _factors(colors: int, shapes: Sequence[str], scales: int, orientations: int, positions: int) -> tuple[Factor, ...]:
    hues = [number / colors for number in range(colors)]
    places = np.linspace(0, 1, positions).tolist() if positions > 1 else [0.5]
    return (
        Factor.of("color", "cyclic", hues) if colors > 1 else Factor.of("color", "categorical", ["white"]),
        Factor.of("shape", "categorical", shapes),
        Factor.of("scale", "ordinal", np.linspace(1, 0.5, scales)[::-1].tolist()),
        Factor.of("orientation", "cyclic", np.linspace(0, 2 * math.pi, orientations).tolist()),
        Factor.of("posX", "ordinal", places),
        Factor.of("posY", "ordinal", places),
    )


def check(shapes: Sequence[str], **settings: int) -> None:
    """Refuse settings out of range.

    Raises:
        SettingError: names the setting and its range.
    """
    for name, value in settings.items():
        least, most = LIMITS[name]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            problem = f"The setting {name} = {value!r} of the dataset 'sprites' is out of range."
            raise SettingError(problem, f"Choose an integer from {least} to {most}.")
    if settings["orientations"] == 2:
        problem = "The setting orientations = 2 of the dataset 'sprites' is invalid: the first and the last coincide."
        raise SettingError(problem, "Choose 1, or 3 and more.")
    if not shapes or len(set(shapes)) < len(shapes) or not set(shapes) <= set(SHAPES):
        problem = f"The setting shapes = {tuple(shapes)} of the dataset 'sprites' is invalid."
        raise SettingError(problem, f"Choose some of {', '.join(SHAPES)}, each once.")


def _title(size: int, colors: int) -> str:
    pixels = "binary" if colors == 1 else "color"
    return f"Sprites: 2-D shapes under dSprites' factors, {size}x{size} {pixels}, procedural"


class Sprites:
    """The adapter."""

    info = DatasetInfo(
        name="sprites",
        title=_title(64, 1),
        images=737_280,
        shape=(1, 64, 64),
        factors=_factors(1, tuple(SHAPES), scales=6, orientations=40, positions=32),
        labels="shape",
        license="MIT",
        citation=(
            "After L. Matthey, I. Higgins, D. Hassabis, A. Lerchner: dSprites: Disentanglement testing Sprites "
            "dataset. 2017. https://github.com/google-deepmind/dsprites-dataset"
        ),
        procedural=True,
    )

    def load(
        self,
        data_dir: Path | None = None,
        *,
        size: int = 64,
        colors: int = 1,
        shapes: Sequence[str] = tuple(SHAPES),
        scales: int = 6,
        orientations: int = 40,
        positions: int = 32,
    ) -> Dataset:
        """Load every combination of the factors, in dSprites' order: posY fastest.

        Args:
            data_dir: not used.
            size: pixels along an image, from 8 on.
            colors: 1 for white on black in one channel; more for as many hues, in three.
            shapes: some of square, ellipse and heart.
            scales: how many, evenly spaced from 0.5 to 1; 1 for full size only.
            orientations: how many angles, evenly spaced from 0 to 2 pi, so that the first and the last coincide, as
                in dSprites; 1 for upright only.
            positions: how many along each axis, evenly spaced from 0 to 1; 1 for the middle only.

        Raises:
            SettingError: a setting out of range, or more images than fit memory.
        """
        check(shapes, size=size, colors=colors, scales=scales, orientations=orientations, positions=positions)
        factors = _factors(colors, shapes, scales, orientations, positions)
        count = combinations(factors)
        if count > MOST_IMAGES:
            raise SettingError(
                f"sprites would have {count:,} images, more than the {MOST_IMAGES:,} whose factors fit memory.",
                "Choose fewer colors, scales, orientations or positions.",
            )
        images = SpriteImages(factors, size)
        title = _title(size, colors)
        info = replace(self.info, title=title, images=count, shape=images.shape[1:], factors=factors)
        return grid_dataset(info, images, grid(factors))


sprites = Sprites()
