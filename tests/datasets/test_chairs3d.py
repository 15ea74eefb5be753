from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.datasets import Dataset
from disentangle_bench.datasets.chairs3d import chairs3d, drawn_chair
from disentangle_bench.datasets.rendering.chair_shapes import STYLES
from disentangle_bench.errors import SettingError

BASE = {"azimuth": 3, "width": 3, "back_height": 4, "style": 3}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return chairs3d.load()


def pictures(dataset: Dataset, name: str, classes, **others: int) -> np.ndarray:
    rows = [list((BASE | others | {name: number}).values()) for number in classes]
    return dataset.images[dataset.ground_truth.index(rows)][:, 0].astype(int)


@pytest.mark.parametrize("name", BASE)
def test_each_class_of_a_factor_looks_different(dataset: Dataset, name: str) -> None:
    size = dict(zip(dataset.ground_truth.names, dataset.ground_truth.sizes, strict=True))[name]
    images = pictures(dataset, name, range(size)).reshape(size, -1)
    differences = np.abs(images[:, None] - images[None]).mean(axis=-1)
    assert (differences + 100 * np.eye(size)).min() > 1


@pytest.mark.parametrize("style", range(len(STYLES)), ids=[style.name for style in STYLES])
def test_width_and_back_height_show_in_every_style(dataset: Dataset, style: int) -> None:
    for name in ("width", "back_height"):
        images = pictures(dataset, name, range(8), azimuth=33, style=style)
        assert (np.abs(np.diff(images, axis=0)).mean(axis=(1, 2)) > 0.5).all()
    tops = np.array([np.nonzero((image < 250).any(axis=1))[0][0] for image in images])
    assert (np.diff(tops) <= 0).all()
    assert tops[-1] <= tops[0] - 6


@pytest.mark.parametrize("style", range(len(STYLES)), ids=[style.name for style in STYLES])
def test_chairs_stay_in_the_picture(dataset: Dataset, style: int) -> None:
    for width, back in ((0, 0), (7, 7)):
        images = pictures(dataset, "azimuth", range(0, 36, 4), width=width, style=style, **{"back_height": back})
        edge = np.concatenate([images[:, [0, -1]].reshape(-1), images[:, :, [0, -1]].reshape(-1)])
        assert edge.min() == 255
        assert 0.03 < (images < 250).mean() < 0.6


def test_a_full_turn_comes_back_and_neighbors_are_alike_all_the_way_round(dataset: Dataset) -> None:
    np.testing.assert_array_equal(drawn_chair(360, 1.0, 0.7, 3, 64), drawn_chair(0, 1.0, 0.7, 3, 64))
    images = pictures(dataset, "azimuth", range(36))
    steps = np.abs(images - np.roll(images, 1, axis=0)).mean(axis=(1, 2))
    assert steps.max() < 2.5 * steps.min()


@pytest.mark.parametrize("style", [0, 5, 11, 18])
def test_a_turn_to_the_other_side_has_the_mirrored_outline(dataset: Dataset, style: int) -> None:
    there = pictures(dataset, "azimuth", range(1, 36), style=style) < 255
    back = pictures(dataset, "azimuth", range(35, 0, -1), style=style)[:, :, ::-1] < 255
    assert (there == back).mean() > 0.998


def test_other_sizes_show_the_same(dataset: Dataset) -> None:
    row = dataset.ground_truth.index([list(BASE.values())])
    large = chairs3d.load(size=128)
    assert large.info.shape == (1, 128, 128)
    halved = large.images[row].astype(float).reshape(64, 2, 64, 2).mean(axis=(1, 3))
    assert np.abs(halved - dataset.images[row][0, 0]).mean() < 2
    with pytest.raises(SettingError, match="size = 4096 of the dataset 'chairs3d' is out of range"):
        chairs3d.load(size=4096)


def test_pixels_stay_as_they_are(dataset: Dataset) -> None:
    # Whoever changes the pictures makes another dataset. Processors may round differently, but not by this much.
    images = dataset.images[np.linspace(0, len(dataset.images) - 1, 8).astype(int)].reshape(8, -1)
    np.testing.assert_allclose(
        images.mean(axis=1), [243.24, 232.24, 246.59, 228.92, 233.86, 233.6, 204.8, 225.97], atol=0.1
    )
    np.testing.assert_allclose(images.std(axis=1), [38.14, 57.11, 24.49, 63.82, 51.41, 48.57, 64.3, 47.96], atol=0.1)
