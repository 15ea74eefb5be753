from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.datasets import Dataset, DatasetFacts
from disentangle_bench.errors import DataError
from disentangle_bench.variables import Variables

FACTS = DatasetFacts(
    name="shapes",
    title="Shapes",
    images=4,
    shape=(1, 2, 2),
    factors={"size": "continuous", "shape": "categorical"},
    labels="shape",
    licence="MIT",
    citation="None.",
)
IMAGES = np.arange(16, dtype=np.uint8).reshape(4, 1, 2, 2)
FACTORS = Variables.wrap(
    [[0.5, 2], [1.5, 0], [2.5, 1], [3.5, 2]], names=list(FACTS.factors), kinds=FACTS.factors.values()
)
TRAIN = np.array([True, False, True, False])


def test_splits_hold_their_images_and_labels() -> None:
    dataset = Dataset(FACTS, IMAGES, FACTORS, TRAIN)
    np.testing.assert_array_equal(dataset.split("train"), IMAGES[[0, 2]])
    np.testing.assert_array_equal(dataset.split("test"), IMAGES[[1, 3]])
    assert dataset.labels().tolist() == [2, 0, 1, 2]
    assert dataset.labels("train").tolist() == [2, 1]
    assert dataset.labels("test").tolist() == [0, 2]
    assert dataset.labels().dtype == np.int64


def test_a_dataset_without_classes_has_no_labels() -> None:
    unlabelled = DatasetFacts(**{**vars(FACTS), "labels": None})
    assert Dataset(unlabelled, IMAGES, FACTORS, TRAIN).labels() is None
    assert Dataset(FACTS, IMAGES, None, TRAIN).labels() is None


@pytest.mark.parametrize(
    ("images", "factors", "train", "message"),
    [
        (IMAGES[:3], FACTORS, TRAIN, r"images \(3, 1, 2, 2\) uint8; its facts say \(4, 1, 2, 2\) uint8"),
        (IMAGES.astype(float), FACTORS, TRAIN, r"images \(4, 1, 2, 2\) float64"),
        (IMAGES, FACTORS.rows(np.arange(3)), TRAIN, "4 images and 3 rows of 'factors'"),
        (IMAGES, FACTORS, TRAIN[:2], "4 images and 2 rows of 'train'"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(images, factors, train, message: str) -> None:
    with pytest.raises(DataError, match=f"shapes gave .*{message}"):
        Dataset(FACTS, images, factors, train)
