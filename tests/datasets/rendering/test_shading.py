from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.datasets.rendering.shading import cone, direction, in_bytes, lambert, open_share, shrunk, sky
from disentangle_bench.datasets.rendering.solids import Scene, solid


def test_a_light_stands_where_its_angles_say() -> None:
    np.testing.assert_allclose(direction(0, 0), (0, 0, 1), atol=1e-6)
    np.testing.assert_allclose(direction(90, 0), (1, 0, 0), atol=1e-6)
    np.testing.assert_allclose(direction(0, 90), (0, 1, 0), atol=1e-6)
    np.testing.assert_allclose(direction(-30, 40) * (-1, 1, 1), direction(30, 40), atol=1e-6)


def test_a_ball_on_high_takes_its_share_of_the_sky() -> None:
    # A ball of radius r at the zenith, at the distance d, takes (r / d)^2 of what an even sky sends to the floor.
    scene = Scene([solid("ball", (0, 4, 0), (2, 2, 2))])
    share = open_share(scene, np.zeros((3, 1), np.float32), sky(4000))
    assert share[0] == pytest.approx(1 - 0.25, abs=0.005)


def test_a_soft_light_stays_in_its_cone_and_a_shadow_is_darkest_in_its_middle() -> None:
    towards = direction(20, 60)
    rays = cone(towards, 10, 200)
    np.testing.assert_allclose(np.linalg.norm(rays, axis=1), 1, atol=1e-6)
    assert np.rad2deg(np.arccos((rays @ towards).min())) == pytest.approx(10, abs=0.1)
    scene = Scene([solid("ball", tuple(5 * towards), (0.6, 0.6, 0.6))])
    points = np.array([[0, 0, 0], [0.8, 0, 0], [5, 0, 0]], np.float32).T
    shares = open_share(scene, points, rays)
    assert shares[0] < 0.6
    assert shares[0] < shares[1] < shares[2] == 1


def test_only_solids_before_a_point_keep_light_off() -> None:
    scene = Scene([solid("box", (0, -2, 0), (1, 0.5, 1))])
    np.testing.assert_array_equal(open_share(scene, np.zeros((3, 1), np.float32), sky(50)), 1)


def test_faces_that_look_away_are_dark() -> None:
    normals = np.array([[0, 1, 0], [0, -1, 0], [0, 0.6, 0.8]], np.float32).T
    np.testing.assert_allclose(lambert(normals, direction(0, 90)), (1, 0, 0.6), atol=1e-6)


def test_squares_shrink_to_their_means_and_brightness_is_cut_and_rounded() -> None:
    values = np.arange(32, dtype=np.float32).reshape(2, 4, 4)
    np.testing.assert_allclose(shrunk(values, 2)[0], [[2.5, 4.5], [10.5, 12.5]])
    np.testing.assert_array_equal(in_bytes(np.array([-1, 0, 0.5, 1, 2], np.float32)), (0, 0, 128, 255, 255))
