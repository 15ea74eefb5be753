from __future__ import annotations

import pickle

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.datasets.dataset import DatasetFacts
from disentangle_bench.datasets.factor import Factor
from disentangle_bench.datasets.rendering.drawn import DrawnImages, drawn_dataset

FACTORS = (Factor.of("height", "ordinal", (0.5, 1.5)), Factor("kind", "categorical", 3))


class Numbered(DrawnImages):
    """Each image says its classes."""

    def draw(self, classes: tuple[int, ...]) -> NDArray[np.uint8]:
        return np.full(self.shape[1:], 10 * classes[0] + classes[1], np.uint8)


def test_images_follow_from_their_classes() -> None:
    images = Numbered(FACTORS, (1, 2, 2))
    assert images.shape == (6, 1, 2, 2)
    np.testing.assert_array_equal(images[:][:, 0, 0, 0], (0, 1, 2, 10, 11, 12))
    np.testing.assert_array_equal(images[[4, 0, 4]][:, 0, 1, 1], (11, 0, 11))
    assert images[np.zeros(6, bool)].shape == (0, 1, 2, 2)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(images))[:], images[:])


def test_the_dataset_has_the_whole_grid() -> None:
    facts = DatasetFacts("numbered", "Numbered", 6, (1, 2, 2), FACTORS, "MIT", "None.")
    dataset = drawn_dataset(facts, Numbered(FACTORS, (1, 2, 2)))
    assert dataset.ground_truth.whole
    assert dataset.ground_truth.index([[1, 2]]) == [5]
    assert (~dataset.train).sum() == 1
