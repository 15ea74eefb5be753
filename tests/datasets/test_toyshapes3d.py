from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from disentangle_bench.datasets import Dataset
from disentangle_bench.datasets.shapes3d import shapes3d
from disentangle_bench.datasets.toyshapes3d import FLOOR, GLOSS, THING, WALL, drawn_layers, toyshapes3d

BASE = {"floor_hue": 1, "wall_hue": 6, "object_hue": 3, "scale": 4, "shape": 0, "orientation": 7}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return toyshapes3d.load()


def pictures(dataset: Dataset, name: str, classes, **others: int) -> np.ndarray:
    rows = [list((BASE | others | {name: number}).values()) for number in classes]
    return dataset.images[dataset.ground_truth.index(rows)].astype(int)


def test_factors_are_those_of_3d_shapes(dataset: Dataset) -> None:
    assert toyshapes3d.info.factors == shapes3d.info.factors
    assert toyshapes3d.info.shape == shapes3d.info.shape
    assert dataset.ground_truth.whole
    assert dataset.ground_truth.sizes == (10, 10, 10, 8, 4, 15)
    np.testing.assert_array_equal(
        dataset.ground_truth.classes([0, 1, 479_999]), [[0] * 6, [0] * 5 + [1], [9, 9, 9, 7, 3, 14]]
    )


@pytest.mark.parametrize(("name", "layer"), [("floor_hue", FLOOR), ("wall_hue", WALL), ("object_hue", THING)])
def test_a_hue_changes_the_pixels_of_its_part_alone(dataset: Dataset, name: str, layer: int) -> None:
    images = pictures(dataset, name, range(10))
    layers = drawn_layers("cube", dataset.info.factors[3].values[4], 0.0, 64)
    changed = (np.ptp(images, axis=0) > 0).any(axis=0)
    assert not changed[layers[layer] == 0].any()
    assert changed[layers[layer] > 0.1].all()
    assert all((one != other).any() for one, other in pairwise(images))


def test_red_things_are_red(dataset: Dataset) -> None:
    red = pictures(dataset, "object_hue", [0])[0, :, 36, 32]
    blue = pictures(dataset, "object_hue", [6])[0, :, 36, 32]
    assert red[0] > 2 * red[1:].max()
    assert blue[2] > 1.5 * blue[:2].max()


@pytest.mark.parametrize("shape", ["cube", "cylinder", "sphere", "capsule"])
def test_scale_grows_the_area_of_the_object(shape: str) -> None:
    areas = [(drawn_layers(shape, scale, 0.0, 32)[THING] > 0).sum() for scale in (0.75, 1.0, 1.25)]
    assert areas[0] < areas[1] < areas[2]
    assert areas[2] / areas[0] == pytest.approx((1.25 / 0.75) ** 2, rel=0.2)


def test_orientation_turns_the_room_and_the_cube_but_not_the_ball() -> None:
    one, other = (drawn_layers("sphere", 1.0, angle, 32) for angle in (-30.0, 30.0))
    np.testing.assert_allclose((one[THING] > 0).mean(), (other[THING] > 0).mean(), atol=1e-3)
    np.testing.assert_array_equal(one[THING] > 0, other[THING] > 0)
    assert np.abs(one[WALL] - other[WALL]).max() > 0.1
    one, other = (drawn_layers("cube", 1.0, angle, 32) for angle in (-30.0, 30.0))
    np.testing.assert_allclose(one[THING] > 0, np.flip(other[THING] > 0, axis=1))  # the outline is mirrored


def test_every_shape_and_orientation_looks_different(dataset: Dataset) -> None:
    for name, size in (("shape", 4), ("orientation", 15), ("scale", 8)):
        images = pictures(dataset, name, range(size)).reshape(size, -1)
        differences = np.abs(images[:, None] - images[None]).mean(axis=-1)
        assert (differences + np.eye(size) > 0.5).all()


def test_layers_share_the_pixels(dataset: Dataset) -> None:
    layers = drawn_layers("capsule", 1.0, 12.0, 64)
    assert layers.min() >= 0
    assert (layers[[FLOOR, WALL, THING]].sum(axis=0) > 0.05).all()
    assert layers[GLOSS].max() < 0.5


def test_other_sizes_show_the_same(dataset: Dataset) -> None:
    row = dataset.ground_truth.index([list(BASE.values())])
    large = toyshapes3d.load(size=128)
    assert large.info.shape == (3, 128, 128)
    halved = large.images[row].astype(float).reshape(3, 64, 2, 64, 2).mean(axis=(2, 4))
    assert np.abs(halved - dataset.images[row][0]).mean() < 3


def test_pixels_stay_as_they_are(dataset: Dataset) -> None:
    # Whoever changes the pictures makes another dataset. Processors may round differently, but not by this much.
    images = dataset.images[np.linspace(0, len(dataset.images) - 1, 8).astype(int)].reshape(8, -1)
    np.testing.assert_allclose(
        images.mean(axis=1), [83.92, 118.46, 135.05, 117.01, 127.4, 103.37, 136.68, 121.61], atol=0.1
    )
    np.testing.assert_allclose(images.std(axis=1), [81.79, 75.03, 79.38, 74.46, 87.46, 73.86, 81.27, 74.07], atol=0.1)
