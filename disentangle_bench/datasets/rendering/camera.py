"""Where one looks from: turned views, and a pinhole camera with its rays."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def turned(azimuth: float, elevation: float) -> Array:
    """Return the axes `(3, 3)` of a view, its rows right, up and towards the viewer, in the scene's coordinates.

    Args:
        azimuth: degrees by which the scene is turned to the viewer's right about its vertical axis.
        elevation: degrees by which the viewer stands above the horizon.
    """
    a, e = math.radians(azimuth), math.radians(elevation)
    right = (math.cos(a), 0.0, math.sin(a))
    up = (math.sin(a) * math.sin(e), math.cos(e), -math.cos(a) * math.sin(e))
    back = (-math.sin(a) * math.cos(e), math.sin(e), math.cos(a) * math.cos(e))
    return np.array([right, up, back], dtype=np.float32)


def pixel_centers(size: int) -> Array:
    """Return where the centers of `size` pixels lie between -1 and 1."""
    return ((np.arange(size) * 2 + 1) / size - 1).astype(np.float32)


@dataclass(frozen=True)
class Camera:
    """A pinhole camera with square pixels. A ray's points are `eye + t (x right - y up - back)`, y counting downwards.

    Attributes:
        axes: `(3, 3)` right, up and towards the viewer; see `turned`.
        eye: `(3,)`.
        x: `(n,)` of the columns from left to right, as tangents of angles.
        y: `(n,)` of the rows from top to bottom, likewise.
    """

    axes: Array
    eye: Array
    x: Array
    y: Array

    @classmethod
    def towards(
        cls, target: tuple[float, float, float], axes: Array, distance: float, angle: float, size: int
    ) -> Camera:
        """Return a camera that looks at a point.

        Args:
            target: what comes to lie in the middle of the image.
            axes: the view's; see `turned`.
            distance: from the eye to the target.
            angle: of the field of view, in degrees.
            size: pixels of an edge of the image.
        """
        eye = (np.asarray(target, dtype=np.float32) + np.float32(distance) * axes[2]).astype(np.float32)
        across = np.float32(np.tan(np.deg2rad(angle) / 2)) * pixel_centers(size)
        return cls(axes, eye, across, across)

    def samples(self, n: int) -> Iterator[Camera]:
        """Yield cameras whose pixels are the `n` by `n` parts of this one's: their images' mean is antialiased."""
        step = self.x[1] - self.x[0]
        for down in pixel_centers(n) * step / 2:
            for across in pixel_centers(n) * step / 2:
                yield Camera(self.axes, self.eye, self.x + across, self.y + down)

    def project(self, points: Array) -> tuple[Array, Array]:
        """Return where points `(..., 3)` before the camera appear: their `x` and `y`."""
        seen = (points - self.eye) @ self.axes.T
        ahead = -seen[..., 2]
        return np.divide(seen[..., 0], ahead), np.divide(-seen[..., 1], ahead)
