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

    @property
    def covered(self) -> Array:
        """`(h, w)`: 1 where something is, else 0."""
        return np.isfinite(self.distance).astype(np.float32)


def cast(scene: Scene, camera: Camera) -> Surface:
    """The solids as a camera sees them, the nearest at each pixel. The camera is outside of all of them."""
    h, w = len(camera.y), len(camera.x)
    distance = np.full((h, w), np.inf, np.float32)
    normal, albedo = np.zeros((3, h, w), np.float32), np.zeros((h, w), np.float32)
    eye = scene.inverse @ camera.eye + scene.offset
    across, down, ahead = (scene.inverse @ axis for axis in (camera.axes[0], -camera.axes[1], -camera.axes[2]))
    columns = across[:, :, None] * camera.x
    rows = down[:, :, None] * camera.y + ahead[:, :, None]
    windows = _windows(scene, camera)
    with np.errstate(divide="ignore", invalid="ignore"):
        for i, shape in enumerate(scene.shapes):
            top, bottom, left, right = windows[i]
            if top >= bottom or left >= right:
                continue
            window = np.s_[top:bottom, left:right]
            d = rows[i, :, top:bottom, None] + columns[i, :, None, left:right]
            near, far = INTERVALS[shape](tuple(eye[i]), tuple(d))
            place = np.nonzero((near < far) & (near < distance[window]))
            t = near[place]
            found = unit_normals(shape, eye[i][:, None] + t * d[:, place[0], place[1]])
            found = scene.inverse[i].T @ found
            found /= np.sqrt(np.einsum("in,in->n", found, found))
            place = (place[0] + top, place[1] + left)
            distance[place], albedo[place] = t, scene.albedo[i]
            normal[:, place[0], place[1]] = found
    return Surface(distance, normal, albedo)


def _windows(scene: Scene, camera: Camera) -> list[tuple[int, int, int, int]]:
    """Top, bottom, left and right of the pixels that each solid can be seen at."""
    x, y = camera.project(scene.corners)
    left, right = np.searchsorted(camera.x, x.min(1)), np.searchsorted(camera.x, x.max(1), "right")
    top, bottom = np.searchsorted(camera.y, y.min(1)), np.searchsorted(camera.y, y.max(1), "right")
    return list(zip(top.tolist(), bottom.tolist(), left.tolist(), right.tolist(), strict=True))
