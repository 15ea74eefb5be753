from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.datasets import Dataset
from disentangle_bench.datasets.heads3d import AZIMUTHS, IDENTITIES, drawn_head, heads3d
from disentangle_bench.datasets.rendering.camera import turned
from disentangle_bench.errors import SettingError

BASE = {"azimuth": 10, "elevation": 5, "lighting": 5, "width": 2, "identity": 1}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return heads3d.load()


def pictures(dataset: Dataset, name: str, classes, **others: int) -> np.ndarray:
    rows = [list((BASE | others | {name: number}).values()) for number in classes]
    return dataset.images[dataset.ground_truth.index(rows)][:, 0].astype(int)


@pytest.mark.parametrize("name", BASE)
def test_each_class_of_a_factor_looks_different(dataset: Dataset, name: str) -> None:
    size = dict(zip(dataset.ground_truth.names, dataset.ground_truth.sizes, strict=True))[name]
    images = pictures(dataset, name, range(size)).reshape(size, -1)
    differences = np.abs(images[:, None] - images[None]).mean(axis=-1)
    assert (differences + 100 * np.eye(size)).min() > 1


@pytest.mark.parametrize("identity", [0, 3, 7, 15])
def test_a_mirrored_pose_in_mirrored_light_is_the_mirrored_head(dataset: Dataset, identity: int) -> None:
    there = pictures(dataset, "azimuth", range(21), lighting=2, identity=identity)
    mirrored = pictures(dataset, "azimuth", range(20, -1, -1), lighting=8, identity=identity)[:, :, ::-1]
    differences = np.abs(there - mirrored)
    assert differences.mean() < 0.1
    assert (differences <= 2).mean() > 0.995


def test_light_changes_the_brightness_and_not_the_outline(dataset: Dataset) -> None:
    images = pictures(dataset, "lighting", range(11))
    left, right = images[:, :, :16].mean(axis=(1, 2)), images[:, :, 16:].mean(axis=(1, 2))
    assert (np.diff((right - left) / (right + left)) > 0).all()
    outlines = images > 4
    assert (outlines == outlines[0]).mean() > 0.97


def test_width_widens_the_outline_and_keeps_its_height(dataset: Dataset) -> None:
    images = pictures(dataset, "width", range(5)) > 20
    widths = np.array([np.ptp(np.nonzero(image[:20].any(axis=0))[0]) for image in images])
    assert (np.diff(widths) >= 0).all()
    assert widths[-1] >= 1.3 * widths[0]
    assert len({int(np.nonzero(image.any(axis=1))[0][0]) for image in images}) == 1


def test_the_nose_follows_the_azimuth_and_the_crown_the_elevation() -> None:
    left, right = (drawn_head(turned(azimuth, 0), 0.0, 1.0, 1, 96)[0] > 0 for azimuth in (-90, 90))
    middle = slice(40, 60)  # at the height of the nose
    assert np.nonzero(left[middle].any(axis=0))[0][0] < 96 - np.nonzero(left[:30].any(axis=0))[0][-1]
    np.testing.assert_array_equal(left.sum(axis=1), right.sum(axis=1))
    below, above = (drawn_head(turned(0, elevation), 0.0, 1.0, 5, 96)[0].astype(float) for elevation in (-30, 30))
    assert above[:30].sum() > below[:30].sum()  # more of the head's top


@pytest.mark.parametrize("identity", range(IDENTITIES))
def test_heads_have_no_holes_and_stay_in_the_picture(dataset: Dataset, identity: int) -> None:
    images = pictures(dataset, "azimuth", range(0, len(AZIMUTHS), 5), identity=identity)
    covered = images > 3
    assert 0.2 < covered.mean() < 0.7
    assert not covered[:, :12, [0, -1]].any()
    for image in covered:
        inner = image[1:-1, 1:-1] | ~(image[:-2, 1:-1] & image[2:, 1:-1] & image[1:-1, :-2] & image[1:-1, 2:])
        assert inner.mean() > 0.995


def test_other_sizes_show_the_same(dataset: Dataset) -> None:
    row = dataset.ground_truth.index([list(BASE.values())])
    large = heads3d.load(size=96)
    assert large.info.shape == (1, 96, 96)
    halved = large.images[row].astype(float).reshape(32, 3, 32, 3).mean(axis=(1, 3))
    assert np.abs(halved - dataset.images[row][0, 0]).mean() < 2
    with pytest.raises(SettingError, match="size = 4 of the dataset 'heads3d' is out of range"):
        heads3d.load(size=4)


def test_pixels_stay_as_they_are(dataset: Dataset) -> None:
    # Whoever changes the pictures makes another dataset. Processors may round differently, but not by this much.
    images = dataset.images[np.linspace(0, len(dataset.images) - 1, 8).astype(int)].reshape(8, -1)
    np.testing.assert_allclose(images.mean(axis=1), [30.66, 29.33, 31.75, 33.36, 33.73, 34.13, 34.33, 33.1], atol=0.1)
    np.testing.assert_allclose(images.std(axis=1), [50.14, 45.46, 46.75, 48.07, 50.5, 51.12, 52.33, 51.8], atol=0.1)
