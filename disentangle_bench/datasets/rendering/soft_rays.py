"""Where parallel rays meet a body of soft ellipsoids.

On a ray, each ellipsoid's `k (q - 1)` is `u^2 + v^2 - k + steep (s - s0)^2`, where `s` is the depth and `u`, `v` and
`s0` are linear in x and y. What does not depend on the depth is computed once, and only for the pairs of rays and
ellipsoids that matter to each other: about five to a ray, however many ellipsoids there are. Then Newton's method,
with the curvature too, finds the root of `log f`, which is a parabola for a lone ellipsoid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.rendering.camera import Array

Integers = NDArray[np.int64]
FAINT = 5e-3
"""What a blob has to add to `f` somewhere on a ray to matter there."""
BEHIND = np.float32(-9)
"""A depth behind everything."""
FARTHER, LONGEST = np.float32(0.15), np.float32(0.25)
"""How far to go on from where a ray only came near the body, and the longest step, in the scene's units."""
GRAZES = -0.05
"""The `log f` up to which a ray that only grazes the body counts as meeting it."""


@dataclass(frozen=True)
class SeenBlobs:
    """Blobs in the coordinates of a view: right, up and towards the viewer. Those that carve come last.

    Attributes:
        center: `(p, 3)`.
        form: `(p, 3, 3)`: `d @ form @ d` is `k q` at the place `d` from the center.
        sharpness: `(p,)` the `k`.
        weight, albedo: `(p,)`.
        solid: how many of them do not carve.
    """

    center: Array
    form: Array
    sharpness: Array
    weight: Array
    albedo: Array
    solid: int


class Lines:
    """The rows of the image, once for each blob, `(p * h,)`: what holds on a whole row.

    Attributes:
        alpha, beta, delta, lean_x, lean_y, steep, albedo: the blob's: `u = alpha (x - middle)`, and `u` and `v` grow
            with y by beta and delta; `s0` by lean_x and lean_y with x and y.
        middle: the x at which `u` is 0.
        v: there.
        s0: where x is 0.
        crest: the logarithm of what the blob adds to `f` where `u` is 0, at `s0`.
        reach: how far from the middle the blob matters; 0 where it does not.
    """

    def __init__(self, blobs: SeenBlobs, y: Array) -> None:
        form, center = blobs.form, blobs.center
        steep = form[:, 2, 2]
        lean = -form[:, :2, 2] / steep[:, None]
        flat = form[:, :2, :2] + lean[:, :, None] * form[:, None, :2, 2]
        alpha = np.sqrt(flat[:, 0, 0])
        beta = flat[:, 0, 1] / alpha
        delta = np.sqrt(flat[:, 1, 1] - beta * beta)
        own = np.stack([alpha, beta, delta, lean[:, 0], lean[:, 1], steep, blobs.albedo])
        self.alpha, self.beta, self.delta, self.lean_x, self.lean_y, self.steep, self.albedo = own.repeat(len(y), 1)
        above = (y - center[:, 1:2]).reshape(-1)
        self.v = self.delta * above
        self.middle = center[:, 0].repeat(len(y)) - self.beta / self.alpha * above
        self.s0 = (center[:, 2] - lean[:, 0] * center[:, 0]).repeat(len(y)) + self.lean_y * above
        self.crest = (blobs.sharpness + np.log(np.abs(blobs.weight))).repeat(len(y)) - self.v * self.v
        self.reach = np.sqrt(np.maximum(self.crest - np.float32(np.log(FAINT)), 0)) / self.alpha


class SoftRays:
    """Parallel rays and the blobs that matter on them, one pair after the other.

    Attributes:
        row, column: `(n,)` the rays that may meet the body.
        ray: `(m,)` each pair's ray, from 0 to n - 1.
        line: `(m,)` each pair's place in the lines.
        solid: how many of the pairs come first, those with blobs that do not carve.
        depth: `(n,)` where the surface is, as far as known.
    """

    def __init__(self, blobs: SeenBlobs, x: Array, y: Array) -> None:
        self.lines = lines = Lines(blobs, y)
        line, column, counts = columns(lines.middle, lines.reach, x)
        solid = int(counts[: blobs.solid * len(y)].sum())
        across = x.take(column)
        u = lines.alpha.take(line) * (across - lines.middle.take(line))
        most = np.exp(lines.crest.take(line) - u * u)
        cell = np.tile(np.arange(len(y)) * len(x), len(blobs.center)).take(line) + column
        may = np.bincount(cell[:solid], most[:solid], len(x) * len(y)) > 1
        kept = np.flatnonzero(may.take(cell))
        self.solid = int(np.searchsorted(kept, solid))
        self.row, self.column = np.divmod(np.flatnonzero(may), len(x))
        self.ray = (np.cumsum(may) - 1).take(cell.take(kept))
        self.line, self.u, self.most = line.take(kept), u.take(kept), most.take(kept)
        self.most[self.solid :] *= -1
        self.s0 = lines.s0.take(self.line) + lines.lean_x.take(self.line) * across.take(kept)
        self.steep = lines.steep.take(self.line)
        self.depth = self._start()

    def _start(self) -> Array:
        """Begin near the surface: the foremost point of any blob, or else of one that reaches a part of a body."""
        most, ray = self.most[: self.solid], self.ray[: self.solid]
        start = np.full(len(self.row), BEHIND, np.float32)
        for needed in (1, 1 / 8):
            reaches = np.flatnonzero((most > needed) & (start.take(ray) == BEHIND))
            share = np.log(most.take(reaches) / np.float32(needed))
            reach = self.s0.take(reaches) + np.sqrt(share / self.steep.take(reaches))
            np.maximum.at(start, ray.take(reaches), reach)
        return start

    def _sum(self, values: Array) -> Array:
        """Sum over the pairs of each ray."""
        return np.bincount(self.ray[: len(values)], values, len(self.row)).astype(np.float32)

    def _parts(self) -> tuple[Array, Array, Array]:
        """Return at the present depths each pair's part in the surface, its gap, and what `log f` is."""
        gap = self.depth.take(self.ray) - self.s0
        part = self.steep * gap
        part *= -gap
        np.exp(part, out=part)
        part *= self.most
        solid = part[: self.solid]
        total = np.maximum(self._sum(solid), np.float32(1e-30))
        solid *= np.reciprocal(total).take(self.ray[: self.solid])
        carved = np.bincount(self.ray[self.solid :], part[self.solid :], len(self.row)).astype(np.float32)
        return part, gap, np.log(total) + carved

    def _step(self) -> None:
        """Move each depth to the nearest root of the parabola that `log f` is like there."""
        part, gap, excess = self._parts()
        part *= self.steep
        bend = np.maximum(self._sum(part), 4)
        part *= gap
        fall = self._sum(part)
        under = fall * fall + bend * excess
        # Without a root the ray has left what it came near first; what it meets lies farther.
        root = np.where(under >= 0, np.sqrt(np.abs(under)), -FARTHER * bend)
        self.depth += np.minimum(np.maximum((root - fall) / bend, -LONGEST), LONGEST)

    def surface(self, steps: int) -> tuple[NDArray[np.bool_], Array, Array]:
        """Move the depths to the surface; return which rays meet it, and the normals `(3, n)` and albedo there."""
        for _ in range(steps):
            self._step()
        part, gap, excess = self._parts()
        hit, lines, line = excess > GRAZES, self.lines, self.line
        gap *= part
        gap *= self.steep
        by_u, by_v = part * self.u, part * lines.v.take(line)
        normal = np.stack([
            self._sum(lines.alpha.take(line) * by_u - lines.lean_x.take(line) * gap),
            self._sum(lines.beta.take(line) * by_u + lines.delta.take(line) * by_v - lines.lean_y.take(line) * gap),
            self._sum(gap),
        ])[:, hit]  # fmt: skip
        normal /= np.sqrt(normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2])
        solid = np.s_[: self.solid]
        return hit, normal, self._sum(part[solid] * lines.albedo.take(line[solid]))[hit]


def columns(middle: Array, reach: Array, x: Array) -> tuple[Integers, Integers, Integers]:
    """Find the columns of evenly spaced `x` that lie within `reach` of `middle`, both `(l,)`.

    Returns:
        Of each such column its line, in order, and its number; and how many there are in each line.
    """
    start, step = x[0], x[1] - x[0]
    ends = np.stack([middle - reach, middle + reach])
    ends -= start
    ends /= step
    first, last = np.minimum(np.maximum(np.ceil(ends), 0), len(x)).astype(np.int64)
    counts = last - first
    stops = np.cumsum(counts)
    line = np.repeat(np.arange(len(counts)), counts)
    return line, np.arange(stops[-1]) - np.repeat(stops - counts - first, counts), counts
