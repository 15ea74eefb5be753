from __future__ import annotations

import hashlib
import math
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disentangle_bench.datasets import Dataset
from disentangle_bench.datasets.sprites import REACH, sprites
from disentangle_bench.errors import SettingError

ROWS = st.lists(st.integers(0, 737_279), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return sprites.load()


def centers(images):
    """Centers of mass `(b, 2)` in pixels, x first."""
    weights = images.max(axis=1) > 0
    line = np.arange(images.shape[-1]) + 0.5
    x, y = weights.sum(axis=1) @ line, weights.sum(axis=2) @ line
    return np.stack([x, y], axis=1) / weights.sum(axis=(1, 2))[:, None]


def test_the_grid_is_dsprites(dataset):
    assert dataset.images.shape == (737_280, 1, 64, 64)
    assert [factor.name for factor in dataset.info.factors] == [
        "color", "shape", "scale", "orientation", "posX", "posY",
    ]  # fmt: skip
    assert dataset.ground_truth.sizes == (1, 3, 6, 40, 32, 32)
    values = {factor.name: factor.values for factor in dataset.info.factors}
    assert values["shape"] == ("square", "ellipse", "heart")
    np.testing.assert_allclose(values["scale"], [0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    np.testing.assert_allclose(values["orientation"], np.linspace(0, 2 * np.pi, 40))
    np.testing.assert_allclose(values["posX"], np.arange(32) / 31)
    np.testing.assert_array_equal(dataset.ground_truth.index([0, 1, 2, 3, 4, 5]), [((8 * 40 + 3) * 32 + 4) * 32 + 5])
    np.testing.assert_array_equal(dataset.factors.values[737_279], [0, 2, 5, 39, 31, 31])


def test_facts_are_those_of_the_default(dataset):
    assert dataset.info == sprites.info


def test_ink_is_as_much_as_in_dsprites(dataset):
    drawn = dataset.images[np.random.default_rng(0).integers(0, 737_280, 20_000)]
    assert set(np.unique(drawn)) == {0, 255}
    assert drawn.mean() / 255 == pytest.approx(0.0425, abs=0.001)  # a figure often used to normalize dSprites


@given(rows=ROWS)
def test_an_image_depends_on_its_row_alone(rows, dataset):
    together = dataset.images[np.array(rows)]
    fresh = pickle.loads(pickle.dumps(dataset.images))
    alone = np.concatenate([fresh[np.array([row])] for row in rows[::-1]])[::-1]
    np.testing.assert_array_equal(together, alone)


@given(shape=st.integers(0, 2), scale=st.integers(0, 5), x=st.integers(0, 31), y=st.integers(0, 31))
def test_the_first_and_the_last_orientation_coincide(shape, scale, x, y, dataset):
    rows = dataset.ground_truth.index([[0, shape, scale, orientation, x, y] for orientation in (0, 39)])
    first, last = dataset.images[rows]
    np.testing.assert_array_equal(first, last)


def test_area_grows_with_the_square_of_scale(dataset):
    for shape, share in enumerate((2, math.pi / 2, 180 * math.pi / (17 + 5 / 6) ** 2)):
        rows = dataset.ground_truth.index([[0, shape, scale, 3, 16, 16] for scale in range(6)])
        areas = (dataset.images[rows] > 0).mean(axis=(1, 2, 3))
        np.testing.assert_allclose(areas, share * (REACH * np.linspace(0.5, 1, 6)) ** 2, rtol=0.03)


@given(rows=ROWS)
def test_centers_are_where_the_factors_put_them(rows, dataset):
    classes = dataset.ground_truth.classes(np.array(rows))
    expected = 64 * (0.2 + 0.6 * classes[:, 4:] / 31)
    np.testing.assert_allclose(centers(dataset.images[np.array(rows)]), expected, atol=0.5)


def test_neighbors_on_every_axis_of_position_differ(dataset):
    classes = np.array([[0, 2, 0, 7, x, y] for x in range(32) for y in range(32)])
    images = dataset.images[dataset.ground_truth.index(classes)]
    assert len(np.unique(images.reshape(1024, -1), axis=0)) == 1024


@pytest.mark.parametrize("size", [8, 28, 33, 128, 300])
def test_other_sizes_show_the_same(size, dataset):
    other = sprites.load(size=size)
    assert other.info.shape == (1, size, size)
    rows = np.random.default_rng(0).integers(0, len(other.images), 30)
    found, expected = centers(other.images[rows]) / size, centers(dataset.images[rows]) / 64
    np.testing.assert_allclose(found, expected, atol=0.6 / min(size, 64))


def test_the_grid_is_as_asked_for():
    small = sprites.load(shapes=["heart", "square"], scales=1, orientations=5, positions=3, colors=1)
    assert small.ground_truth.sizes == (1, 2, 1, 5, 3, 3)
    assert small.info.images == len(small.images) == 90
    assert [factor.values for factor in small.info.factors][1:3] == [("heart", "square"), (1.0,)]
    middle = sprites.load(shapes=["heart"], scales=2, orientations=1, positions=1)
    assert [factor.values for factor in middle.info.factors[1:]] == [("heart",), (0.5, 1.0), (0.0,), (0.5,), (0.5,)]
    np.testing.assert_allclose(centers(middle.images[:]), 32, atol=0.2)


def test_colors_are_hues_of_the_same_sprites(dataset):
    colored = sprites.load(colors=6)
    assert colored.images.shape == (6 * 737_280, 3, 64, 64)
    assert colored.info.factors[0].kind == "cyclic"
    assert colored.info.title.endswith("64x64 color, procedural")
    rows = 5000 + 737_280 * np.arange(6)
    images = colored.images[rows]
    for image, hue in zip(images, ("100", "110", "010", "011", "001", "101"), strict=True):
        for channel, on in zip(image, hue, strict=True):
            np.testing.assert_array_equal(channel, dataset.images[5000][0] if on == "1" else 0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"size": 7}, "size = 7.*from 8 to 1024"),
        ({"size": "big"}, "size = 'big'"),
        ({"scales": True}, "scales = True"),
        ({"positions": 0}, "positions = 0"),
        ({"orientations": 2}, "coincide.*3 and more"),
        ({"orientations": 2.5}, "orientations = 2.5"),
        ({"shapes": ["star"]}, "shapes = .*star.*square, ellipse, heart"),
        ({"shapes": []}, "shapes = "),
        ({"shapes": ["heart", "heart"]}, "each once"),
        ({"colors": 360}, "265,420,800 images.*fewer"),
        ({"size": 1024, "orientations": 3600, "positions": 4}, "GiB of masks.*smaller"),
    ],
)
def test_settings_out_of_range_are_reported(settings, said):
    with pytest.raises(SettingError) as caught:
        sprites.load(**settings)
    assert re.search(said, f"{caught.value.problem} {caught.value.remedy}")


def test_the_images_never_change(dataset):
    drawn = dataset.images[np.arange(0, 737_280, 1001)]
    digest = hashlib.sha256(np.packbits(drawn > 0).tobytes()).hexdigest()
    assert digest == "e25473df886b7e7b80df96f55b4c059135b305a81b0cd56001f7ab5808ba7ad1"


def test_some_factors_can_be_held(dataset):
    classes, images = dataset.ground_truth.sample(50, np.random.default_rng(0), fixed={"shape": 1, "posX": 31})
    assert set(classes[:, 1]) == {1}
    assert len(set(classes[:, 3])) > 20
    np.testing.assert_allclose(centers(images)[:, 0], 0.8 * 64, atol=0.5)
