"""The ray caster against closed forms: what pinhole cameras see of balls, boxes and cylinders."""

from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.datasets.rendering.camera import Camera, turned
from disentangle_bench.datasets.rendering.casting import cast
from disentangle_bench.datasets.rendering.solids import Scene, solid

SIZE, ANGLE, DISTANCE = 400, 40, 5.0
HALF = np.tan(np.deg2rad(ANGLE / 2))


def camera(azimuth: float = 0, elevation: float = 0) -> Camera:
    return Camera.towards((0, 0, 0), turned(azimuth, elevation), DISTANCE, ANGLE, SIZE)


def points(view: Camera, distance: np.ndarray, seen: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(seen)
    rays = view.axes[0][:, None] * view.x[columns] - view.axes[1][:, None] * view.y[rows] - view.axes[2][:, None]
    return view.eye[:, None] + rays * distance[seen]


@pytest.mark.parametrize(("azimuth", "elevation"), [(0, 0), (33, 20), (-120, -65)])
def test_a_ball_covers_the_area_that_it_should_and_has_its_normals(azimuth: float, elevation: float) -> None:
    radius, view = 0.9, camera(azimuth, elevation)
    surface = cast(Scene([solid("ball", (0, 0, 0), (radius,) * 3)]), view)
    seen = np.isfinite(surface.distance)
    area = np.pi * radius**2 / (DISTANCE**2 - radius**2) / (2 * HALF) ** 2
    assert seen.mean() == pytest.approx(area, rel=2e-3)
    np.testing.assert_allclose(surface.normal[:, seen] * radius, points(view, surface.distance, seen), atol=1e-4)
    assert not surface.normal[:, ~seen].any()
    assert not surface.albedo[~seen].any()


def test_a_box_from_the_front_is_its_near_face() -> None:
    surface = cast(Scene([solid("box", (0, 0, 0), (0.9, 0.6, 0.5), albedo=0.25)]), camera())
    rows, columns = np.nonzero(surface.distance < np.inf)
    pixels = SIZE / 2 / HALF / (DISTANCE - 0.5)
    assert np.ptp(columns) + 1 == pytest.approx(2 * 0.9 * pixels, abs=1)
    assert np.ptp(rows) + 1 == pytest.approx(2 * 0.6 * pixels, abs=1)
    assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    np.testing.assert_allclose(surface.distance[rows, columns], DISTANCE - 0.5, rtol=1e-6)
    np.testing.assert_array_equal(np.unique(surface.normal[:, rows, columns], axis=1), [[0], [0], [1]])
    assert set(surface.albedo[rows, columns]) == {0.25}


def test_a_cylinder_from_above_is_a_disk_and_from_the_side_is_upright() -> None:
    scene = Scene([solid("cylinder", (0, 0, 0), (0.5, 1.0, 0.5))])
    above = np.isfinite(cast(scene, camera(elevation=90)).distance)
    assert above.mean() == pytest.approx(np.pi * (0.5 / (DISTANCE - 1)) ** 2 / (2 * HALF) ** 2, rel=3e-3)
    rows, columns = np.nonzero(np.isfinite(cast(scene, camera()).distance))
    tangent = 0.5 / np.sqrt(DISTANCE**2 - 0.5**2)
    assert np.ptp(columns) + 1 == pytest.approx(tangent / HALF * SIZE, abs=1)
    assert np.ptp(rows) + 1 == pytest.approx(1 / (DISTANCE - 0.5) / HALF * SIZE, abs=1)


def test_the_nearer_solid_hides_the_farther_whatever_their_order() -> None:
    near, far = solid("ball", (0, 0, 1), (0.3,) * 3, albedo=0.5), solid("box", (0, 0, -1), (1, 1, 0.1), albedo=0.75)
    one, other = (cast(Scene(order), camera()) for order in ([near, far], [far, near]))
    np.testing.assert_array_equal(one.distance, other.distance)
    np.testing.assert_array_equal(one.albedo, other.albedo)
    assert one.albedo[SIZE // 2, SIZE // 2] == 0.5
    assert one.distance[SIZE // 2, SIZE // 2] == pytest.approx(DISTANCE - 1.3, rel=1e-4)


def test_what_stands_beside_the_image_is_not_drawn() -> None:
    surface = cast(Scene([solid("ball", (9, 0, 0), (1, 1, 1)), solid("ball", (0, -9, 0), (1, 1, 1))]), camera())
    assert not np.isfinite(surface.distance).any()


def test_samples_are_the_parts_of_the_pixels() -> None:
    view = Camera.towards((0, 0, 0), turned(0, 0), 5, 40, 4)
    samples = list(view.samples(2))
    assert len(samples) == 4
    fine = Camera.towards((0, 0, 0), turned(0, 0), 5, 40, 8)
    np.testing.assert_allclose(np.sort(np.concatenate([samples[0].x, samples[1].x])), fine.x, atol=1e-6)
    np.testing.assert_allclose(np.sort(np.concatenate([samples[0].y, samples[2].y])), fine.y, atol=1e-6)


def test_turning_the_scene_to_the_right_shows_its_left_side() -> None:
    scene = Scene([solid("box", (-1, 0, 0), (0.1, 0.1, 0.1), albedo=0.5)])
    columns = np.nonzero(np.isfinite(cast(scene, camera(azimuth=90)).distance))[1]
    assert columns.mean() == pytest.approx((SIZE - 1) / 2, abs=0.5)
    distance = cast(scene, camera(azimuth=90)).distance.min()
    assert distance == pytest.approx(DISTANCE - 1.1, rel=1e-5)
