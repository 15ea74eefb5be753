from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disentangle_bench.datasets.rendering.stencils import SHAPES, Stencils
from disentangle_bench.errors import SettingError

AREAS = {"square": 2.0, "ellipse": math.pi / 2, "heart": 180 * math.pi / (17 + 5 / 6) ** 2}
LINE = (np.arange(2000) + 0.5) / 1000 - 1
X, Y = np.meshgrid(LINE, LINE)


def one(shape="square", radius=12.0, angle=0.0, place=32.0):
    """A frame `(64, 64)` with one shape in it, 0 or 1."""
    stencils = Stencils(64, [shape], [radius], [angle], np.array([place]))
    zero = np.zeros(1, dtype=np.int64)
    frame, inside = np.zeros((64, 64), np.uint8), slice(stencils.starts[0], stencils.starts[0] + stencils.width)
    frame[inside, inside] = stencils.masks(zero, zero, zero)[0]
    assert set(np.unique(frame)) == {0, 255}
    return frame // 255


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_fill_the_unit_circle_about_their_center_of_mass(shape):
    inside = SHAPES[shape](X, Y)
    assert inside.mean() * 4 == pytest.approx(AREAS[shape], rel=2e-3)
    assert 0.99 < np.hypot(X[inside], Y[inside]).max() <= 1 + 1e-8
    assert X[inside].mean() == pytest.approx(0, abs=1e-3)
    assert Y[inside].mean() == pytest.approx(0, abs=1e-3)


def test_the_heart_is_its_curve():
    t = np.linspace(0, 2 * np.pi, 999)
    x, y = 16 * np.sin(t) ** 3, 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    reach = 17 + 5 / 6
    for share, expected in ((0.999, True), (1.001, False)):  # about a point from which every ray leaves it once
        inside = SHAPES["heart"](share * x / reach, (5 / 6 - share * y) / reach)
        assert inside[np.abs(np.sin(t)) > 0.02].all() == expected
        assert inside[np.abs(np.sin(t)) > 0.02].any() == expected


def test_the_heart_is_upright_and_turns_clockwise():
    mask = one("heart")
    assert mask.sum(axis=1).argmax() < 32
    np.testing.assert_array_equal(mask, mask[:, ::-1])
    np.testing.assert_array_equal(one("heart", angle=math.pi / 2), np.rot90(mask, -1))


@given(angle=st.floats(0, 7), radius=st.floats(2, 12), place=st.floats(13, 51), shape=st.sampled_from(sorted(SHAPES)))
def test_area_is_the_shape_s_and_its_center_where_it_was_put(angle, radius, place, shape):
    rows, columns = np.nonzero(one(shape, radius, angle, place))
    assert len(rows) == pytest.approx(AREAS[shape] * radius**2, abs=math.pi * radius)  # half a pixel along its edge
    assert (rows.mean() + 0.5, columns.mean() + 0.5) == pytest.approx((place, place), abs=0.5)


@given(angle=st.floats(0, 7), radius=st.floats(2, 12))
def test_a_square_turned_by_a_quarter_is_itself(angle, radius):
    mask = one(radius=radius, angle=angle)
    np.testing.assert_array_equal(mask, np.rot90(mask))
    np.testing.assert_array_equal(mask, one(radius=radius, angle=angle + math.pi / 2))


def test_a_pixel_counts_from_half_of_it_on():
    for side, expected in ((10.0, 100), (10.7, 100), (11.1, 140), (11.7, 144), (12.0, 144)):  # corners come last
        assert one(radius=side / math.sqrt(2)).sum() == expected


@pytest.mark.parametrize("size", [8, 15, 64, 200, 700])
def test_masks_stay_in_the_frame_at_its_edges(size):
    places = np.array([0.2, 0.5, 0.8]) * size
    stencils = Stencils(size, ["heart"], [0.2 * size], [0.0], places)
    assert (stencils.starts >= 0).all()
    assert (stencils.starts + stencils.width <= size).all()
    x = np.arange(3)
    areas = (stencils.masks(np.zeros(3, dtype=np.int64), x, x[::-1]) > 0).sum(axis=(1, 2))
    assert areas == pytest.approx(AREAS["heart"] * (0.2 * size) ** 2, rel=0.3 if size < 20 else 0.05)


def test_what_would_not_fit_memory_is_refused():
    with pytest.raises(SettingError, match="GiB of masks") as caught:
        Stencils(1024, list(SHAPES), [200.0] * 20, list(range(99)), np.linspace(205, 819, 64))
    assert "orientations" in caught.value.remedy


def test_a_copy_draws_the_same():
    stencils = Stencils(64, list(SHAPES), [5.0, 12.0], [0.0, 1.0], np.array([20.0, 33.3]))
    every = [grid.ravel() for grid in np.indices((12, 2, 2))]
    masks = stencils.masks(*every)
    small = pickle.dumps(stencils)
    assert len(small) < 10_000
    np.testing.assert_array_equal(pickle.loads(small).masks(*every), masks)
