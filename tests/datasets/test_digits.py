from __future__ import annotations

import hashlib

import numpy as np
import pytest
from sklearn.datasets import load_digits

from disentangle_bench.datasets import Dataset
from disentangle_bench.datasets.digits import digits


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return digits.load()


def test_images_are_scikit_learns_scaled_to_a_byte(dataset: Dataset) -> None:
    original = load_digits().images
    assert set(np.unique(original)) == set(range(17))
    expected = np.array([0, 16, 32, 48, 64, 80, 96, 112, 128, 143, 159, 175, 191, 207, 223, 239, 255], dtype=np.uint8)
    np.testing.assert_array_equal(dataset.images[:, 0], expected[original.astype(int)])
    np.testing.assert_array_equal(dataset.labels(), load_digits().target)


def test_a_sixth_of_every_digit_is_for_testing(dataset: Dataset) -> None:
    for digit in range(10):
        of_digit = dataset.labels() == digit
        assert (of_digit & ~dataset.train).sum() == of_digit.sum() // 6
    assert len(dataset.split("test")) == 296
    assert len(dataset.split("train")) == 1501


def test_the_split_never_changes(dataset: Dataset) -> None:
    digest = hashlib.sha256(np.packbits(dataset.train).tobytes()).hexdigest()
    assert digest == "3e4f08b1e549816f5b814ccfa38d38217a245ddd9d369b91a98620e90bf40eff"
    np.testing.assert_array_equal(dataset.train, digits.load().train)


def test_no_image_is_in_both_splits(dataset: Dataset) -> None:
    train = {image.tobytes() for image in dataset.split("train")}
    assert not any(image.tobytes() in train for image in dataset.split("test"))
