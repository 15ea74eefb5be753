"""A square room seen from within: floor and walls behind what stands in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.rendering.camera import Array, Camera


@dataclass(frozen=True)
class Room:
    """Walls at `half_width` from the middle, on a floor at 0. Walls between the viewer and the room are not seen."""

    half_width: float
    height: float

    def behind(self, camera: Camera, pixels: NDArray[np.bool_]) -> tuple[Array, NDArray[np.bool_], Array]:
        """Find where the rays of the chosen pixels leave the room.

        Returns:
            The points `(3, n)`, whether each is on the floor `(n,)`, and the normals `(3, n)` into the room.
        """
        rows, columns = np.nonzero(pixels)
        x, y = camera.x[columns], camera.y[rows]
        right, up, back = camera.axes
        ray = right[:, None] * x - up[:, None] * y - back[:, None]
        center = np.array([0, self.height / 2, 0], dtype=np.float32)
        half = np.array([self.half_width, self.height / 2, self.half_width], dtype=np.float32)
        with np.errstate(divide="ignore"):
            leave = (np.copysign(half[:, None], ray) - (camera.eye - center)[:, None]) / ray
        wall = leave.argmin(axis=0)
        places = np.arange(len(wall))
        normals = np.zeros_like(ray)
        normals[wall, places] = -np.sign(ray[wall, places])
        points = camera.eye[:, None] + leave[wall, places] * ray
        return points, (wall == 1) & (ray[1] < 0), normals

    def ambient(self, points: Array) -> Array:
        """Return how much of the room's even light reaches points `(3, n)` of it: less in its corners."""
        up, (x, z) = points[1], self.half_width - np.abs(points[::2])
        # The least of the three is the distance to the surface that the point is on; the next, to its nearest edge.
        edge = np.maximum(np.minimum(up, x), np.minimum(np.maximum(up, x), z))
        even: Array = 1 - np.float32(0.4) * np.exp(edge * np.float32(-1.1))
        return even
