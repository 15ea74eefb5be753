from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from disentangle_bench.datasets.rendering.camera import pixel_centers
from disentangle_bench.datasets.rendering.soft_rays import SeenBlobs, SoftRays, columns

X = pixel_centers(32)
near = st.floats(-2, 2, width=32)


@given(st.lists(st.tuples(near, st.floats(0, 2, width=32)), min_size=1, max_size=6))
def test_columns_are_those_within_reach(lines) -> None:
    middle, reach = np.array(lines, np.float32).T
    line, column, counts = columns(middle, reach, X)
    inside = np.abs(X - middle[:, None]) <= reach[:, None]
    at_edge = np.abs(np.abs(X - middle[:, None]) - reach[:, None]) < 1e-5
    said = np.zeros_like(inside)
    said[line, column] = True
    assert ((said == inside) | at_edge).all()
    np.testing.assert_array_equal(np.bincount(line, minlength=len(lines)), counts)


def test_nothing_in_sight_meets_nothing() -> None:
    form = np.eye(3, dtype=np.float32)[None] * 4
    one = np.ones(1, np.float32)
    far = np.array([[9, 0, 0]], np.float32)
    hit, normal, albedo = SoftRays(SeenBlobs(far, form, 4 * one, one, one, 1), X, -X).surface(3)
    assert len(hit) == len(albedo) == normal.shape[1] == 0


def test_the_surface_of_a_ball_is_where_it_is() -> None:
    center, one = np.array([[0.1, -0.2, 0.3]], np.float32), np.ones(1, np.float32)
    radius = 0.5
    form = np.eye(3, dtype=np.float32)[None] * 6 / radius**2
    rays = SoftRays(SeenBlobs(center, form, 6 * one, one, 0.7 * one, 1), X, -X)
    hit, normal, albedo = rays.surface(3)
    across, up = X[rays.column] - 0.1, -X[rays.row] + 0.2
    rise = np.sqrt(np.maximum(radius**2 - across**2 - up**2, 0))
    clear = rise > 0.05
    np.testing.assert_array_equal(hit[clear], True)
    np.testing.assert_allclose(rays.depth[clear], 0.3 + rise[clear], atol=1e-4)
    expected = np.stack([across, up, rise]) / radius
    np.testing.assert_allclose(normal[:, clear[hit]], expected[:, hit & clear], atol=1e-3)
    np.testing.assert_allclose(albedo, 0.7, rtol=1e-5)
