from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.datasets.rendering.camera import Camera, turned
from disentangle_bench.datasets.rendering.room import Room


@pytest.mark.parametrize("azimuth", [0, -30, 20])
def test_every_ray_leaves_the_room_through_a_wall_or_the_floor(azimuth: float) -> None:
    room, camera = Room(3.0, 8.0), Camera.towards((0, 1, 0), turned(azimuth, 20), 6, 40, 32)
    points, floor, normals = room.behind(camera, np.ones((32, 32), bool))
    np.testing.assert_allclose(points[1, floor], 0, atol=1e-5)
    np.testing.assert_allclose(np.abs(points[::2, ~floor]).max(axis=0), 3, rtol=1e-5)
    assert np.abs(points[::2]).max() <= 3 + 1e-5
    assert (normals[1] == floor).all()
    assert ((normals * points)[::2, ~floor].min(axis=0) < 0).all()
    assert 0 < floor.mean() < 1


def test_corners_get_less_light() -> None:
    room = Room(3.0, 8.0)
    middle, edge, corner = room.ambient(np.array([[0, 0, 0], [2.9, 0, 0], [3, 0, 3]], np.float32).T)
    assert corner <= edge < middle <= 1
