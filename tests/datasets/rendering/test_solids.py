from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disentangle_bench.datasets.rendering.solids import INTERVALS, Scene, solid, strut, unit_normals

INSIDE = {
    "box": lambda p: np.abs(p).max(axis=0) < 1,
    "ball": lambda p: (p**2).sum(axis=0) < 1,
    "cylinder": lambda p: (np.hypot(p[0], p[2]) < 1) & (np.abs(p[1]) < 1),
}
number = st.floats(-3, 3, width=32)
triple = st.tuples(number, number, number)


@pytest.mark.parametrize("shape", INTERVALS)
@given(start=triple, towards=triple)
def test_a_line_is_in_the_solid_just_where_its_interval_says(shape: str, start, towards) -> None:
    o, d = np.array(start, np.float32), np.array(towards, np.float32)
    if np.abs(d).min() < 0.05:
        d += np.float32(0.1) * np.where(d < 0, -1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        near, far = INTERVALS[shape](tuple(o), tuple(d))
    t = np.linspace(-60, 60, 4001)
    inside = INSIDE[shape](o[:, None] + t * d[:, None])
    said = (near < t) & (t < far)
    clear = (np.abs(t - near) > 1e-3) & (np.abs(t - far) > 1e-3) if near < far else np.ones_like(said)
    grazing = inside.sum() <= 2 and not said.any()
    assert grazing or (inside == said)[clear].all()


@pytest.mark.parametrize(
    ("shape", "point", "normal"),
    [
        ("box", (0.2, -1.0, 0.5), (0, -1, 0)),
        ("box", (1.0, 0.9, -0.5), (1, 0, 0)),
        ("ball", (0.6, 0.0, -0.8), (0.6, 0, -0.8)),
        ("cylinder", (0.6, 0.3, -0.8), (0.6, 0, -0.8)),
        ("cylinder", (0.1, -1.0, 0.2), (0, -1, 0)),
    ],
)
def test_normals_stand_on_the_surface(shape, point, normal) -> None:
    found = unit_normals(shape, np.array(point, np.float32)[:, None])[:, 0]
    np.testing.assert_allclose(found / np.linalg.norm(found), normal, atol=1e-6)


def test_a_scene_knows_where_points_lie_in_each_solid() -> None:
    quarter = [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]
    scene = Scene([solid("ball", (1, 2, 3), (2, 2, 2)), solid("box", (0, 1, 0), (1, 2, 3), turn=quarter)])
    place = scene.inverse @ np.array([3, 2, 3], np.float32) + scene.offset
    np.testing.assert_allclose(place[0], (1, 0, 0), atol=1e-6)
    np.testing.assert_allclose(scene.inverse[1] @ np.array([3, 1, 0]) + scene.offset[1], (0, 0, 1), atol=1e-6)
    np.testing.assert_allclose(scene.corners[1].max(axis=0), (3, 3, 1), atol=1e-6)


@given(start=triple, end=triple)
def test_a_strut_runs_between_its_ends(start, end) -> None:
    length = float(np.linalg.norm(np.subtract(end, start)))
    if length < 0.1:
        return
    placed = strut("box", start, end, (0.2, 0.3)).placed.astype(float)
    across, along, other, middle = placed.T
    np.testing.assert_allclose(middle - along, start, atol=1e-5)
    np.testing.assert_allclose(middle + along, end, atol=1e-5)
    np.testing.assert_allclose((np.linalg.norm(across), np.linalg.norm(other)), (0.2, 0.3), rtol=1e-5)
    np.testing.assert_allclose((across @ along, across @ other, along @ other), 0, atol=1e-5 * max(length, 1))
