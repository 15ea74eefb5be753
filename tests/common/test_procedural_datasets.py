"""What holds for every procedural dataset, whoever registered it."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from disentangle_bench.datasets import DATASETS
from disentangle_bench.datasets.images import LazyImages

NAMES = sorted(name for name in DATASETS if DATASETS.get(name).info.procedural)


def test_every_procedural_dataset_is_collected() -> None:
    assert {"sprites", "heads3d", "chairs3d", "toyshapes3d"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_images_depend_on_their_factors_alone(name: str) -> None:
    images, again = DATASETS.get(name).load().images, DATASETS.get(name).load().images
    assert isinstance(images, LazyImages)
    rows = np.random.default_rng(0).integers(len(images), size=20)
    np.testing.assert_array_equal(again[rows[::-1]][::-1], images[rows])


@pytest.mark.parametrize("name", NAMES)
def test_threads_change_nothing(name: str) -> None:
    drawn = []
    for threads in (1, 3):
        with threadpool_limits(threads):
            images = DATASETS.get(name).load().images
            drawn.append(images[np.linspace(0, len(images) - 1, 20).astype(int)])
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("name", NAMES)
def test_the_grid_is_whole_and_in_order(name: str) -> None:
    truth = DATASETS.get(name).load().ground_truth
    assert truth is not None
    assert truth.whole
    assert truth.classes([0, len(truth) - 1]).tolist() == [[0] * len(truth.sizes), [size - 1 for size in truth.sizes]]
    np.testing.assert_array_equal(
        truth.index(truth.classes(np.arange(0, len(truth), 997))), np.arange(0, len(truth), 997)
    )
