"""Rounded bodies: a sum of soft ellipsoids, seen from afar, with exact normals.

The body is where `f(p) = sum of w exp(-k (q(p) - 1))` exceeds 1. `q` is 0 in the middle of an ellipsoid and 1 on its
surface, so that a lone ellipsoid of the weight 1 is itself, and neighbours flow into one another; a negative weight
carves. Seen along parallel rays each `q` splits into its least value on the ray, `h`, and `a (s - s0)^2`. What does not
depend on the depth `s` is computed once, and Newton's method finds the surface in few steps: it starts before the body
and the logarithm of `f` is nearly a parabola.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.rendering.camera import Array

STEPS = 4
TWICE: Array = np.array([[1, 2, 2], [0, 1, 2], [0, 0, 1]], dtype=np.float32)[:, :, None]
FARTHER = np.float32(0.08)
FAINT, BEHIND = 5e-3, -9.0
BLEND = 0.05
"""How far, in the scene's units, ellipsoids flow into one another."""


@dataclass(frozen=True)
class Blob:
    """A soft ellipsoid with axes along the scene's, but for a tilt.

    Attributes:
        centre, half: `(x, y, z)` of its middle and its half extents.
        weight: 1, or less for one that is only hinted at, or negative for one that carves.
        tilt: degrees by which its top leans towards the viewer, about the x axis.
        albedo: how much light it gives back, from 0 to 1; where blobs flow together, so do their albedos.
    """

    centre: tuple[float, float, float]
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
        centre: `(p, 3)`.
        form: `(p, 3, 3)`: `q(point)` is `d @ form @ d` for `d = point - centre`.
    """

    def __init__(self, blobs: Sequence[Blob]) -> None:
        self.centre: Array = np.array([blob.centre for blob in blobs], dtype=np.float32)
        self.form: Array = np.stack([_form(blob) for blob in blobs]).astype(np.float32)

    def seen(self, axes: Array) -> tuple[Array, Array]:
        """Centres `(p, 3)` and forms `(p, 3, 3)` in the coordinates of a view: right, up and towards the viewer."""
        return np.einsum("pi,vi->pv", self.centre, axes), np.einsum("vi,pij,wj->pvw", axes, self.form, axes)


def _form(blob: Blob) -> NDArray[np.float64]:
    c, s = np.cos(np.deg2rad(blob.tilt)), np.sin(np.deg2rad(blob.tilt))
    own = np.array([[1, 0, 0], [0, c, s], [0, -s, c]]) / np.array(blob.half)[:, None]
    form: NDArray[np.float64] = own.T @ own
    return form


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

    def seen(self, axes: Array, x: Array, y: Array) -> Sight:
        """The body along parallel rays.

        Args:
            axes: `(3, 3)` of the view; see `turned`.
            x: `(w,)` of the rays from left to right, evenly spaced, in the scene's units.
            y: `(h,)` of the rays from top to bottom, upwards being positive.
        """
        rays = _Meetings(self, axes, x, y)
        hit, normal, albedo = rays.surface()
        rows, columns = rays.row[hit], rays.column[hit]
        depth = rays.depth[hit]
        if self.painted is not None:
            self._paint(albedo, self.painted.seen(axes), np.stack([x[columns], y[rows], depth]))
        return Sight(rows, columns, depth, normal, albedo)

    def _paint(self, albedo: Array, painted: tuple[Array, Array], points: Array) -> None:
        """Paint the albedo `(n,)` of points `(3, n)`, in a view's coordinates."""
        centre, form = painted
        u, v, w = (points[axis] - centre[:, axis, None] for axis in range(3))
        f = form[:, :, :, None] * TWICE
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


class _Meetings:
    """Parallel rays and the blobs that matter on them: about five to a ray, however many blobs there are.

    On a ray, `k (q - 1) = u^2 + v^2 - k + steep (s - s0)^2`, where `u`, `v` and `s0` are linear in x and y.

    Attributes:
        row, column: `(n,)` the rays that may meet the body.
        blob, ray: `(m,)` each pair's blob, in order, and its ray, from 0 to n - 1.
        solid: how many of the pairs come first, those with blobs that do not carve.
        depth: `(n,)` the present guess of where the surface is.
    """

    def __init__(self, body: Body, axes: Array, x: Array, y: Array) -> None:
        centre, form = body.quadrics.seen(axes)
        form *= body.sharpness[:, None, None]
        steep = form[:, 2, 2]
        lean = -form[:, :2, 2] / steep[:, None]
        flat = form[:, :2, :2] + lean[:, :, None] * form[:, None, :2, 2]
        alpha = np.sqrt(flat[:, 0, 0])
        beta = flat[:, 0, 1] / alpha
        delta = np.sqrt(flat[:, 1, 1] - beta * beta)
        above = y - centre[:, 1:2]
        v = delta[:, None] * above
        middle = centre[:, :1] - (beta / alpha)[:, None] * above
        limit = body.sharpness + np.log(np.abs(body.weight) / np.float32(FAINT))
        reach = np.sqrt(np.maximum(limit[:, None] - v * v, 0)) / alpha[:, None]
        line, column, solid = _columns(middle, reach, x, body.solid)
        blob, row = np.divmod(line, len(y))
        across = x[column]
        u = alpha[blob] * (across - middle.reshape(-1)[line])
        v = v.reshape(-1)[line]
        most = body.weight[blob] * np.exp(body.sharpness[blob] - u * u - v * v)
        cell = row * len(x) + column
        may = np.bincount(cell[:solid], most[:solid], len(y) * len(x)) > 1
        kept = np.flatnonzero(may[cell])
        self.solid = int(np.searchsorted(kept, solid))
        self.row, self.column = np.divmod(np.flatnonzero(may), len(x))
        self.ray = (np.cumsum(may) - 1)[cell[kept]]
        blob, line = blob[kept], line[kept]
        self.u, self.v, self.most = u[kept], v[kept], most[kept]
        s0 = centre[:, 2:] + lean[:, 1:] * above - lean[:, :1] * centre[:, :1]
        self.s0 = s0.reshape(-1)[line] + lean[blob, 0] * across[kept]
        self.steep = steep[blob]
        self.slopes = np.stack([alpha, beta, delta, *lean.T])[:, blob]
        self.albedo = body.albedo[blob]
        self.depth = self._start()

    def _start(self) -> Array:
        """A depth near the surface: the foremost point of any blob, or else of one that reaches a part of a body."""
        most = self.most[: self.solid]
        start = np.full(len(self.row), BEHIND, np.float32)
        for needed in (1, 1 / 8):
            reaches = np.flatnonzero((most > needed) & (start[self.ray[: self.solid]] == BEHIND))
            reach = self.s0[reaches] + np.sqrt(np.log(most[reaches] / np.float32(needed)) / self.steep[reaches])
            np.maximum.at(start, self.ray[reaches], reach)
        return start

    def _sum(self, values: Array) -> Array:
        """Over the blobs of each ray."""
        return np.bincount(self.ray, values, len(self.row)).astype(np.float32)

    def _parts(self) -> tuple[Array, Array, Array]:
        """At the present depths: each pair's part in the surface, its gap, and by how much `log f` exceeds 0."""
        gap = self.depth[self.ray] - self.s0
        part = self.steep * gap
        part *= -gap
        np.exp(part, out=part)
        part *= self.most
        solid, n = self.solid, len(self.row)
        total = (np.bincount(self.ray[:solid], part[:solid], n) + 1e-30).astype(np.float32)
        carved = np.bincount(self.ray[solid:], part[solid:], n).astype(np.float32)
        part[:solid] *= np.reciprocal(total)[self.ray[:solid]]
        return part, gap, np.log(total) + carved

    def surface(self) -> tuple[NDArray[np.bool_], Array, Array]:
        """Move the depths to the surface; which of the rays meet it, and the normals `(3, n)` and albedo there."""
        for _ in range(STEPS):
            part, gap, excess = self._parts()
            part *= self.steep
            bend = np.maximum(self._sum(part), 4)
            part *= gap
            fall = self._sum(part)
            under = fall * fall + bend * excess
            # Without a root the ray has left what it met first; what it meets next lies farther.
            root = np.where(under >= 0, np.sqrt(np.abs(under)), -FARTHER * bend)
            self.depth += np.clip((root - fall) / bend, -0.25, 0.25)
        part, gap, excess = self._parts()
        hit = excess > -0.05
        alpha, beta, delta, lean_x, lean_y = self.slopes
        by_u, by_gap = part * self.u, part * gap * self.steep
        normal = np.stack([
            self._sum(alpha * by_u - lean_x * by_gap),
            self._sum(beta * by_u + delta * part * self.v - lean_y * by_gap),
            self._sum(by_gap),
        ])[:, hit]  # fmt: skip
        normal /= np.sqrt(np.einsum("in,in->n", normal, normal))
        solid = np.s_[: self.solid]
        albedo = np.bincount(self.ray[solid], part[solid] * self.albedo[solid], len(self.row))
        return hit, normal, albedo[hit].astype(np.float32)


def _columns(middle: Array, reach: Array, x: Array, solid: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """The columns of evenly spaced `x` that lie within `reach` of `middle`, both `(p, h)`.

    Returns:
        Of each such column the place in `middle`, in order, and its number; and how many belong to the first `solid`
        of the p.
    """
    start, step = x[0], x[1] - x[0]
    first = np.clip(np.ceil((middle - reach - start) / step), 0, len(x)).astype(np.int64)
    last = np.clip(np.ceil((middle + reach - start) / step), 0, len(x)).astype(np.int64)
    counts = (last - first).reshape(-1)
    ends = np.cumsum(counts)
    line = np.repeat(np.arange(len(counts)), counts)
    column = np.arange(ends[-1]) - np.repeat(ends - counts - first.reshape(-1), counts)
    return line, column, int(ends[solid * middle.shape[1] - 1])
