"""Sprites: a square, an ellipse or a heart under dSprites' six factors, drawn when it is asked for.

A stand-in for dSprites (github.com/google-deepmind/dsprites-dataset): the same factors, values, order and proportions,
though not its pixels. Its author drew vectors on a canvas of the size 1 and thresholded them (issue 2 of that
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

from disentangle_bench.datasets.dataset import Dataset, DatasetInfo, held_out
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.datasets.images import LazyImages
from disentangle_bench.datasets.rendering.stencils import SHAPES, Stencils
from disentangle_bench.errors import DataError
from disentangle_bench.representation.variables import Variables

REACH = 0.2
"""How far a sprite of scale 1 reaches from its centre, as a share of the frame; and how near its centre comes to it."""
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
        self.colors = _colors(self.sizes[0])
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


def _colors(number: int) -> NDArray[np.uint8]:
    """White `(1, 1)`, or so many hues `(number, 3)` of full saturation, red first."""
    if number == 1:
        return np.full((1, 1), 255, np.uint8)
    hues = [colorsys.hsv_to_rgb(hue / number, 1, 1) for hue in range(number)]
    return np.rint(np.multiply(hues, 255)).astype(np.uint8)


def _chosen(shapes: Sequence[str]) -> tuple[str, ...]:
    names = tuple(shapes)
    if not names or len(set(names)) < len(names) or not set(names) <= set(SHAPES):
        raise DataError(f"sprites has no shapes {names}.", f"Choose some of {', '.join(SHAPES)}, each once.")
    return names


def _check(**settings: int) -> None:
    for name, value in settings.items():
        least, most = LIMITS[name]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise DataError(f"sprites has no {name} {value!r}.", f"Give a whole number from {least} to {most}.")
    if settings["orientations"] == 2:
        raise DataError("sprites has no two orientations: the first and the last coincide.", "Give 1, or 3 and more.")


def _title(size: int, colors: int) -> str:
    pixels = "binary" if colors == 1 else "colour"
    return f"Sprites: 2-D shapes under dSprites' factors, {size}x{size} {pixels}, procedural"


def _refuse_too_many(factors: Sequence[Factor]) -> None:
    images = math.prod(len(factor.values) for factor in factors)
    if images > MOST_IMAGES:
        raise DataError(
            f"sprites would have {images:,} images, more than the {MOST_IMAGES:,} whose factors fit memory.",
            "Choose fewer colors, scales, orientations or positions.",
        )


class Sprites:
    """The adapter."""

    info = DatasetInfo(
        name="sprites",
        title=_title(64, 1),
        images=737_280,
        shape=(1, 64, 64),
        factors=_factors(1, tuple(SHAPES), scales=6, orientations=40, positions=32),
        labels="shape",
        licence="MIT",
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
        """Every combination of the factors, in dSprites' order: posY fastest; `data_dir` is not needed.

        Args:
            data_dir: ignored.
            size: pixels along an image, from 8 on.
            colors: 1 for white on black in one channel; more for as many hues, in three.
            shapes: some of square, ellipse and heart.
            scales: how many, evenly spaced from 0.5 to 1; 1 for full size only.
            orientations: how many angles, evenly spaced from 0 to 2 pi, so that the first and the last coincide, as
                in dSprites; 1 for upright only.
            positions: how many along each axis, evenly spaced from 0 to 1; 1 for the middle only.

        Raises:
            DataError: a setting out of range, or images that would take too much memory to draw.
        """
        _check(size=size, colors=colors, scales=scales, orientations=orientations, positions=positions)
        factors = _factors(colors, _chosen(shapes), scales, orientations, positions)
        _refuse_too_many(factors)
        images = SpriteImages(factors, size)
        title = _title(size, colors)
        info = replace(self.info, title=title, images=len(images), shape=images.shape[1:], factors=factors)
        names, kinds = [factor.name for factor in factors], [factor.kind for factor in factors]
        return Dataset(
            info, images, Variables.wrap(grid(factors), names=names, kinds=kinds), held_out(len(images), info.name)
        )


sprites = Sprites()
