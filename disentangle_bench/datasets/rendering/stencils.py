"""Which pixels a square, an ellipse or a heart covers, for every scale, angle and place in a pixel at once.

Each shape is a predicate on the plane, centered on its center of mass and as large as the unit circle around it allows:
so each keeps the same distance from a frame, however it is turned.

A mask for every place in a pixel is drawn once and then copied. On one core of an AMD EPYC that gives 1.7 million
images of 64x64 a second once a sprite's masks are there, and those of all 720 sprites take a second. Libraries, drawing
each image anew, gave 110,000 (skia-python 144, 51 MB installed), 70,000 (`fillPoly` of OpenCV 5, 150 MB; 10,000 with
the corners computed in NumPy) and 9,000 (Pillow 13, at eight times the resolution): enough, but none is worth its
weight here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import SettingError

Plane = NDArray[np.float64]
MOST_BYTES = 2**31
_HEART_CENTER = 5 / 6
_HEART_REACH = 17 + _HEART_CENTER  # from the center of mass down to the point
_ROUNDING = 1e-9


def in_square(x: Plane, y: Plane) -> NDArray[np.bool_]:
    """Whether points lie in the square with its corners on the unit circle; area 2."""
    return np.maximum(np.abs(x), np.abs(y)) <= math.sqrt(0.5) + _ROUNDING


def in_ellipse(x: Plane, y: Plane) -> NDArray[np.bool_]:
    """Whether points lie in the ellipse twice as wide as high; area pi / 2."""
    return x**2 + (2 * y) ** 2 <= 1 + _ROUNDING


def in_heart(x: Plane, y: Plane) -> NDArray[np.bool_]:
    """Whether points lie in the upright heart `(16 sin^3 t, 13 cos t - 5 cos 2t - 2 cos 3t - cos 4t)`; `y` goes down.

    With `c = cos t`, the curve passes any `x` twice, at `c` and at `-c`. Its area is 180 pi, and 1.778 as scaled here.
    """
    x, y = x * _HEART_REACH, _HEART_CENTER - y * _HEART_REACH
    c = np.sqrt(np.maximum(1 - (np.abs(x) / 16) ** (2 / 3), 0))
    even, odd = 4 - 2 * c**2 - 8 * c**4, 19 * c - 8 * c**3
    inside: NDArray[np.bool_] = (np.abs(x) <= 16) & (np.abs(y - even) <= odd + _ROUNDING)
    return inside


SHAPES: dict[str, Callable[[Plane, Plane], NDArray[np.bool_]]] = {
    "square": in_square,
    "ellipse": in_ellipse,
    "heart": in_heart,
}


class Stencils:
    """Masks of shapes as they lie among pixels, 0 or 255: a pixel is 255 where at least half of it is covered.

    The half is that of `fineness ** 2` points in a pixel, and places are rounded to that grid. A mask is drawn when it
    is first asked for. Turning is clockwise, since `y` goes down.

    Args:
        size: pixels along an image.
        shapes: names in `SHAPES`.
        radii: of the circle around a shape, in pixels, one a scale.
        angles: in radians.
        places: of the center along an image, in pixels, the same for x and y.

    Attributes:
        fineness: points along a pixel.
        width: pixels along a mask.
        starts: the first pixel of a mask, one a place.

    Raises:
        SettingError: the masks would take more than 2 GiB.
    """

    def __init__(
        self, size: int, shapes: Sequence[str], radii: Sequence[float], angles: Sequence[float], places: Plane
    ) -> None:
        self.fineness = max(2, math.ceil(512 / size))
        self.kinds = list(product(shapes, radii, angles))
        self.width = min(math.floor(2 * max(radii)) + 2, size)
        centers = np.rint(places * self.fineness).astype(np.int64)
        self.starts = np.clip(np.floor(places - max(radii)).astype(np.int64), 0, size - self.width)
        # Where the center lies in the mask, in points; few, since most places differ by whole pixels from another.
        self._phases, self._phase = np.unique(centers - self.starts * self.fineness, return_inverse=True)
        shape = (len(self.kinds), len(self._phases), len(self._phases), self.width, self.width)
        if math.prod(shape) > MOST_BYTES:
            raise SettingError(
                f"Sprites at this size would keep {math.prod(shape) / 2**30:.1f} GiB of masks.",
                "Choose a smaller size, or fewer scales or orientations.",
            )
        self._masks = np.zeros(shape, np.uint8)
        self._drawn = np.zeros(len(self.kinds), dtype=bool)

    def masks(self, kinds: NDArray[np.int64], x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return masks `(b, width, width)`.

        Args:
            kinds: `(b,)`, numbered shape by shape, within it radius by radius, within it angle by angle.
            x: `(b,)`: the place of each along a row, by its number.
            y: `(b,)`: the place along a column.
        """
        if not self._drawn[kinds].all():
            for kind in np.unique(kinds[~self._drawn[kinds]]):
                self._masks[kind] = self._draw(*self.kinds[kind])
                self._drawn[kind] = True
        masks: NDArray[np.uint8] = self._masks[kinds, self._phase[y], self._phase[x]]
        return masks

    def _draw(self, shape: str, radius: float, angle: float) -> NDArray[np.uint8]:
        """Draw the masks of one kind `(phases, phases, width, width)` at every phase."""
        low, high = -self._phases[-1], self.width * self.fineness - self._phases[0]
        line = (np.arange(low, high) + 0.5) / (self.fineness * radius)
        x, y, cos, sin = line, line[:, None], math.cos(angle), math.sin(angle)
        inside = SHAPES[shape](cos * x + sin * y, cos * y - sin * x)
        sums = np.pad(inside, ((1, 0), (1, 0))).cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32)
        n = self.fineness
        counts = sums[n:, n:] - sums[:-n, n:] - sums[n:, :-n] + sums[:-n, :-n]
        pixels = (self._phases[-1] - self._phases)[:, None] + n * np.arange(self.width)
        found = counts[pixels[:, None, :, None], pixels[None, :, None, :]]
        return np.where(2 * found >= n * n, 255, 0).astype(np.uint8)

    def __getstate__(self) -> dict[str, object]:
        """Without what was drawn, which is drawn anew where it is needed."""
        return self.__dict__ | {"_masks": self._masks.shape, "_drawn": None}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._masks = np.zeros(state["_masks"], np.uint8)  # type: ignore[call-overload]
        self._drawn = np.zeros(len(self.kinds), dtype=bool)
