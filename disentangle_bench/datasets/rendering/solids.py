"""Convex solids, each an affine image of a unit solid, and where straight lines enter and leave them.

A line is a point `o` and a direction `d`, its points `o + t d`. Each unit solid is an intersection of slabs and
quadrics, and the part of a line that lies in one is an interval of `t`. Lines that miss it have an empty interval or
one of NaN: `near < far` is false for either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from disentangle_bench.datasets.rendering.camera import Array

Shape = Literal["box", "ball", "cylinder"]
Vector = tuple[Array, Array, Array]
"""The three coordinates, each an array or a number, that broadcast with each other's."""
Interval = tuple[Array, Array]


@dataclass(frozen=True)
class Solid:
    """A convex solid.

    Attributes:
        shape: of the unit solid: the box from -1 to 1, the ball of radius 1, or the cylinder of radius 1 about the
            vertical axis, from -1 to 1.
        placed: `(3, 4)`, which takes a point `(x, y, z, 1)` of the unit solid to the scene.
        albedo: how much light it gives back, from 0 to 1.
    """

    shape: Shape
    placed: Array
    albedo: float = 1.0


def solid(
    shape: Shape, center: Sequence[float], half: Sequence[float], turn: ArrayLike | None = None, albedo: float = 1.0
) -> Solid:
    """Return a solid of the half extents `half`, turned by a matrix `(3, 3)`, moved to `center`."""
    linear = np.eye(3) if turn is None else np.asarray(turn, dtype=float)
    placed = np.column_stack([linear * np.asarray(half), np.asarray(center)])
    return Solid(shape, placed.astype(np.float32), albedo)


def strut(
    shape: Shape, start: Sequence[float], end: Sequence[float], half: Sequence[float], albedo: float = 1
) -> Solid:
    """Return a solid whose vertical axis runs between two points; `half` has its half extents across, in x and z."""
    one, other = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
    along = (other - one) / 2
    # As level as can be: across a leaning piece one edge stays parallel to the floor.
    level = np.cross(along, (0.0, 0.0, 1.0) if abs(along[2]) < np.abs(along[:2]).max() else (-1.0, 0.0, 0.0))
    level /= np.linalg.norm(level)
    other_side = np.cross(level, along / np.linalg.norm(along))
    placed = np.column_stack([level * half[0], along, other_side * half[1], (one + other) / 2])
    return Solid(shape, placed.astype(np.float32), albedo)


class Scene:
    """Solids, made ready to be cast at.

    Attributes:
        shapes: of the unit solids.
        inverse, offset: `(p, 3, 3)` and `(p, 3)`: a point's place in the unit solid is `inverse @ point + offset`.
        corners: `(p, 8, 3)` of the boxes around the solids.
        albedo: `(p,)`.
    """

    def __init__(self, solids: Sequence[Solid]) -> None:
        placed = np.stack([one.placed for one in solids]).astype(float)
        inverse = np.linalg.inv(placed[:, :, :3])
        self.shapes = tuple(one.shape for one in solids)
        self.inverse: Array = inverse.astype(np.float32)
        self.offset: Array = -np.einsum("pij,pj->pi", inverse, placed[:, :, 3]).astype(np.float32)
        unit = np.array(list(product((-1, 1), repeat=3)))
        self.corners: Array = (unit @ placed[:, :, :3].transpose(0, 2, 1) + placed[:, None, :, 3]).astype(np.float32)
        self.albedo: Array = np.array([one.albedo for one in solids], dtype=np.float32)


def slab(o: Array, d: Array) -> Interval:
    """Find the interval between -1 and 1 of one coordinate."""
    inverse = np.reciprocal(d)
    middle, half = -o * inverse, np.abs(inverse)
    return middle - half, middle + half


def box(o: Vector, d: Vector) -> Interval:
    """Find the interval in the box from -1 to 1."""
    (x, far_x), (y, far_y), (z, far_z) = (slab(*pair) for pair in zip(o, d, strict=True))
    return np.maximum(np.maximum(x, y), z), np.minimum(np.minimum(far_x, far_y), far_z)


def ball(o: Vector, d: Vector) -> Interval:
    """Find the interval in the ball of radius 1."""
    a = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
    b = o[0] * d[0] + o[1] * d[1] + o[2] * d[2]
    c = o[0] * o[0] + o[1] * o[1] + o[2] * o[2] - 1
    return _between_roots(a, b, c)


def cylinder(o: Vector, d: Vector) -> Interval:
    """Find the interval in the upright cylinder of radius 1, from -1 to 1."""
    a = d[0] * d[0] + d[2] * d[2]
    b = o[0] * d[0] + o[2] * d[2]
    near, far = _between_roots(a, b, o[0] * o[0] + o[2] * o[2] - 1)
    bottom, top = slab(o[1], d[1])
    return np.maximum(near, bottom), np.minimum(far, top)


def _between_roots(a: Array, b: Array, c: Array) -> Interval:
    """Find where `a t^2 + 2 b t + c` is negative, for a positive `a`."""
    root = np.sqrt(b * b - a * c)
    return (-b - root) / a, (root - b) / a


INTERVALS: dict[Shape, Callable[[Vector, Vector], Interval]] = {"box": box, "ball": ball, "cylinder": cylinder}


def unit_normals(shape: Shape, points: Array) -> Array:
    """Return the outward normals `(3, n)`, of any length, of a unit solid at points `(3, n)` of its surface."""
    if shape == "ball":
        return points
    if shape == "cylinder":
        at_end = points[1] * points[1] > points[0] * points[0] + points[2] * points[2]
        return np.stack([points[0] * ~at_end, points[1] * at_end, points[2] * ~at_end])
    size = np.abs(points)
    face = size == np.maximum(np.maximum(size[0], size[1]), size[2])
    np.copysign(face.astype(np.float32), points, out=size)
    return size
