"""Light on surfaces: directions, what solids keep off, and images of bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.rendering.camera import Array
from disentangle_bench.datasets.rendering.solids import INTERVALS, Scene


def direction(azimuth: float, elevation: float) -> Array:
    """Return the unit vector `(3,)` towards a light, by degrees to the viewer's right, and upwards."""
    a, e = np.deg2rad(azimuth), np.deg2rad(elevation)
    return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)], dtype=np.float32)


def sky(n: int) -> Array:
    """Return directions `(n, 3)` over the upper half of the sphere, denser near the zenith, where a floor sees most.

    Each stands for the same share of the light that an evenly bright sky sends to a horizontal surface.
    """
    number = np.arange(n) + 0.5
    turn, radius = number * np.pi * (3 - np.sqrt(5)), np.sqrt(number / n)  # the sunflower's spiral fills the disk
    return np.stack([radius * np.cos(turn), np.sqrt(1 - number / n), radius * np.sin(turn)], 1).astype(np.float32)


def cone(towards: Array, angle: float, n: int) -> Array:
    """Return directions `(n, 3)` up to `angle` degrees around one: a light with an extent, for soft shadows."""
    number = np.arange(n) + 0.5
    turn, radius = number * np.pi * (3 - np.sqrt(5)), np.tan(np.deg2rad(angle)) * np.sqrt(number / n)
    side = np.cross(towards, (0.0, 0.0, 1.0) if abs(towards[1]) > 0.9 else (0.0, 1.0, 0.0))
    side /= np.linalg.norm(side)
    other = np.cross(towards, side)
    spread = towards + radius[:, None] * (np.cos(turn)[:, None] * side + np.sin(turn)[:, None] * other)
    unit: Array = (spread / np.linalg.norm(spread, axis=1, keepdims=True)).astype(np.float32)
    return unit


def open_share(scene: Scene, points: Array, directions: Array) -> Array:
    """Return the share `(n,)` of directions `(m, 3)` that no solid blocks from points `(3, n)` outside of them."""
    free = np.zeros(points.shape[1], np.float32)
    local = [(inverse @ points + offset[:, None]) for inverse, offset in zip(scene.inverse, scene.offset, strict=True)]
    with np.errstate(divide="ignore", invalid="ignore"):
        for towards in directions:
            hit = np.zeros(points.shape[1], bool)
            for shape, inverse, o in zip(scene.shapes, scene.inverse, local, strict=True):
                near, far = INTERVALS[shape](tuple(o), tuple(inverse @ towards))
                hit |= (near < far) & (far > 0)
            free += ~hit
    return free / np.float32(len(directions))


def lambert(normal: Array, towards: Array) -> Array:
    """Return the cosine between normals `(3, ...)` and a light's direction, 0 for those that face away."""
    cosine: Array = normal[0] * towards[0] + normal[1] * towards[1] + normal[2] * towards[2]
    return np.maximum(cosine, 0, out=cosine)


def shrunk(values: Array, times: int) -> Array:
    """Average over squares of `times` by `times` of `(..., h * times, w * times)`: antialiasing."""
    total = values[..., ::times, ::times].copy()
    for place in range(1, times * times):
        total += values[..., place // times :: times, place % times :: times]
    total *= np.float32(1 / times**2)
    return total


def in_bytes(values: Array) -> NDArray[np.uint8]:
    """Convert brightness from 0 to 1, beyond which it is clipped, to integers from 0 to 255."""
    return (np.clip(values, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
