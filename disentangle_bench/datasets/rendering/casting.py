"""What a camera sees of solids: distance, normal and albedo at each pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from disentangle_bench.datasets.rendering.camera import Array, Camera
from disentangle_bench.datasets.rendering.solids import INTERVALS, Scene, unit_normals


@dataclass(frozen=True)
class Surface:
    """What is seen at each pixel.

    Attributes:
        distance: `(h, w)` the `t` of the camera's rays; infinite where nothing is.
        normal: `(3, h, w)` of length 1, in the scene's coordinates; 0 where nothing is.
        albedo: `(h, w)`; 0 where nothing is.
    """

    distance: Array
    normal: Array
    albedo: Array

    def window(self, top: int, bottom: int, left: int, right: int) -> Surface:
        """Return a part of the image, sharing its arrays."""
        part = np.s_[..., top:bottom, left:right]
        return Surface(self.distance[part], self.normal[part], self.albedo[part])


def cast(scene: Scene, camera: Camera) -> Surface:
    """Cast the solids as a camera outside of them sees them: the nearest at each pixel."""
    h, w = len(camera.y), len(camera.x)
    surface = Surface(
        np.full((h, w), np.inf, np.float32), np.zeros((3, h, w), np.float32), np.zeros((h, w), np.float32)
    )
    eye = scene.inverse @ camera.eye + scene.offset
    across, down, ahead = (scene.inverse @ axis for axis in (camera.axes[0], -camera.axes[1], -camera.axes[2]))
    columns = across[:, :, None] * camera.x
    rows = down[:, :, None] * camera.y + ahead[:, :, None]
    x, y = camera.project(scene.corners)
    # The pixels at which each solid can be seen.
    lefts, rights = np.searchsorted(camera.x, x.min(1)), np.searchsorted(camera.x, x.max(1), "right")
    tops, bottoms = np.searchsorted(camera.y, y.min(1)), np.searchsorted(camera.y, y.max(1), "right")
    windows = zip(tops.tolist(), bottoms.tolist(), lefts.tolist(), rights.tolist(), strict=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        for i, (top, bottom, left, right) in enumerate(windows):
            if top < bottom and left < right:
                rays = rows[i, :, top:bottom, None] + columns[i, :, None, left:right]
                _cast_at(scene, i, eye[i], rays, surface.window(top, bottom, left, right))
    return surface


def _cast_at(scene: Scene, i: int, eye: Array, rays: Array, surface: Surface) -> None:
    """Draw the solid `i` over a surface, where it is nearer.

    The eye `(3,)` and the rays `(3, h, w)` are given in the coordinates of the unit solid.
    """
    near, far = INTERVALS[scene.shapes[i]]((eye[0], eye[1], eye[2]), (rays[0], rays[1], rays[2]))
    nearer = near < far
    nearer &= near < surface.distance
    place = np.flatnonzero(nearer)
    t = near.reshape(-1)[place]
    normal = unit_normals(scene.shapes[i], eye[:, None] + t * rays.reshape(3, -1)[:, place])
    normal = scene.inverse[i].T @ normal
    normal /= np.sqrt(normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2])
    row, column = np.divmod(place, rays.shape[2])
    surface.distance[row, column] = t
    surface.albedo[row, column] = scene.albedo[i]
    surface.normal[:, row, column] = normal
