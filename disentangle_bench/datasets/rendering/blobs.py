"""Rounded bodies: a sum of soft ellipsoids, seen from afar, with exact normals.

The body is where `f(p) = sum of w exp(-k (q(p) - 1))` exceeds 1. `q` is 0 in the middle of an ellipsoid and 1 on its
surface, so that a lone ellipsoid of the weight 1 is itself, and neighbors flow into one another; a negative weight
carves: what it adds, which is negative, adds to the logarithm of the others' sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.rendering.camera import Array
from disentangle_bench.datasets.rendering.soft_rays import SeenBlobs, SoftRays

BLEND = 0.05
"""How far, in the scene's units, ellipsoids flow into one another."""
_UPPER: Array = np.array([[1, 2, 2], [0, 1, 2], [0, 0, 1]], dtype=np.float32)[:, :, None]


@dataclass(frozen=True)
class Blob:
    """A soft ellipsoid with axes along the scene's, but for a tilt.

    Attributes:
        center, half: `(x, y, z)` of its middle and its half extents.
        weight: 1, or less for one that is only hinted at, or negative for one that carves.
        tilt: degrees by which its top leans towards the viewer, about the x axis.
        albedo: how much light it gives back, from 0 to 1; where blobs flow together, so do their albedos.
    """

    center: tuple[float, float, float]
    half: tuple[float, float, float]
    weight: float = 1.0
    tilt: float = 0.0
    albedo: float = 1.0


@dataclass(frozen=True)
class Paint(Blob):
    """Where a body has another albedo: inside an ellipsoid; the weight is how well it covers.

    Attributes:
        edge: how sharply it ends: the cover falls from 1 to 0 while `q` grows by `1 / edge`.
    """

    edge: float = 6.0


class Quadrics:
    """Ellipsoids made ready to be seen from anywhere.

    Attributes:
        center: `(p, 3)`.
        form: `(p, 3, 3)`: `q(point)` is `d @ form @ d` for `d = point - center`.
    """

    def __init__(self, blobs: Sequence[Blob]) -> None:
        self.center: Array = np.array([blob.center for blob in blobs], dtype=np.float32)
        forms = []
        for blob in blobs:
            c, s = np.cos(np.deg2rad(blob.tilt)), np.sin(np.deg2rad(blob.tilt))
            own = np.array([[1, 0, 0], [0, c, s], [0, -s, c]]) / np.array(blob.half)[:, None]
            forms.append(own.T @ own)
        self.form: Array = np.stack(forms).astype(np.float32)

    def seen(self, axes: Array) -> tuple[Array, Array]:
        """Return centers `(p, 3)` and forms `(p, 3, 3)` in a view's coordinates: right, up and towards the viewer."""
        return np.einsum("pi,vi->pv", self.center, axes), np.einsum("vi,pij,wj->pvw", axes, self.form, axes)


class Body:
    """A body of blobs with its paint.

    Args:
        blobs: of which it is the sum.
        paints: one over the other.
    """

    def __init__(self, blobs: Sequence[Blob], paints: Sequence[Paint] = ()) -> None:
        blobs = sorted(blobs, key=lambda blob: blob.weight < 0)  # those that carve come last
        self.quadrics = Quadrics(blobs)
        self.albedo: Array = np.array([blob.albedo for blob in blobs], dtype=np.float32)
        self.solid = sum(blob.weight > 0 for blob in blobs)
        self.weight: Array = np.array([blob.weight for blob in blobs], dtype=np.float32)
        self.sharpness: Array = np.array([min(blob.half) / (2 * BLEND) for blob in blobs], dtype=np.float32)
        self.paints = tuple(paints)
        self.painted = Quadrics(paints) if paints else None

    def seen(self, axes: Array, x: Array, y: Array, steps: int = 8) -> Sight:
        """Find where the body meets parallel rays.

        Args:
            axes: `(3, 3)` of the view; see `turned`.
            x: `(w,)` of the rays from left to right, evenly spaced, in the scene's units.
            y: `(h,)` of the rays from top to bottom, upwards being positive.
            steps: of Newton's method. After three, one ray in two hundred is still on its way, where one part only
                just hides another.
        """
        center, form = self.quadrics.seen(axes)
        form *= self.sharpness[:, None, None]
        rays = SoftRays(SeenBlobs(center, form, self.sharpness, self.weight, self.albedo, self.solid), x, y)
        hit, normal, albedo = rays.surface(steps)
        rows, columns = rays.row[hit], rays.column[hit]
        depth = rays.depth[hit]
        if self.painted is not None:
            self._paint(albedo, self.painted.seen(axes), np.stack([x[columns], y[rows], depth]))
        return Sight(rows, columns, depth, normal, albedo)

    def _paint(self, albedo: Array, painted: tuple[Array, Array], points: Array) -> None:
        """Paint the albedo `(n,)` of points `(3, n)`, in a view's coordinates."""
        center, form = painted
        u, v, w = (points[axis] - center[:, axis, None] for axis in range(3))
        f = form[:, :, :, None] * _UPPER
        q = u * (f[:, 0, 0] * u + f[:, 0, 1] * v + f[:, 0, 2] * w)
        q += v * (f[:, 1, 1] * v + f[:, 1, 2] * w) + f[:, 2, 2] * w * w
        edge = np.array([paint.edge for paint in self.paints], np.float32)[:, None]
        covers = np.clip(np.float32(0.5) + edge * (1 - q), 0, 1)
        for paint, cover in zip(self.paints, covers, strict=True):
            albedo += np.float32(paint.weight) * cover * (np.float32(paint.albedo) - albedo)


@dataclass(frozen=True)
class Sight:
    """What is seen of a body.

    Attributes:
        rows, columns: `(n,)` of the rays that meet it.
        depth: `(n,)` towards the viewer, from the middle of the scene.
        normal: `(3, n)` of length 1: to the right, upwards, and towards the viewer.
        albedo: `(n,)`.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    depth: Array
    normal: Array
    albedo: Array
