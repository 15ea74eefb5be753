from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from disentangle_bench.datasets import Dataset, DatasetInfo, Factor, GroundTruth
from disentangle_bench.datasets.dataset import held_out
from disentangle_bench.datasets.images import LazyImages
from disentangle_bench.errors import DataError
from disentangle_bench.representation.variables import Variables

FACTS = DatasetInfo(
    name="shapes",
    title="Shapes",
    images=4,
    shape=(1, 2, 2),
    factors=(Factor("size", "continuous"), Factor("shape", "categorical", 3)),
    labels="shape",
    license="MIT",
    citation="None.",
)
IMAGES = np.arange(16, dtype=np.uint8).reshape(4, 1, 2, 2)
FACTORS = Variables.wrap(
    [[0.5, 2], [1.5, 0], [2.5, 1], [3.5, 2]], names=["size", "shape"], kinds=["continuous", "categorical"]
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
    unlabeled = DatasetInfo(**{**vars(FACTS), "labels": None})
    assert Dataset(unlabeled, IMAGES, FACTORS, TRAIN).labels() is None
    assert Dataset(FACTS, IMAGES, None, TRAIN).labels() is None


@pytest.mark.parametrize(
    ("images", "factors", "train", "message"),
    [
        (IMAGES[:3], FACTORS, TRAIN, r"images \(3, 1, 2, 2\) uint8; its info declares \(4, 1, 2, 2\) uint8"),
        (IMAGES.astype(float), FACTORS, TRAIN, r"images \(4, 1, 2, 2\) float64"),
        (IMAGES, FACTORS.rows(np.arange(3)), TRAIN, "4 images and 3 rows of 'factors'"),
        (IMAGES, FACTORS, TRAIN[:2], "4 images and 2 rows of 'train'"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(images, factors, train, message: str) -> None:
    with pytest.raises(DataError, match=f"shapes returned .*{message}"):
        Dataset(FACTS, images, factors, train)


class Numbered(LazyImages):
    """Four images that are made when they are asked for."""

    shape = (4, 1, 2, 2)

    def read(self, rows):
        return IMAGES[rows]


def test_splits_of_images_that_are_not_in_memory_stay_where_they_are() -> None:
    dataset = Dataset(FACTS, Numbered(), FACTORS, TRAIN)
    assert isinstance(dataset.split("train"), LazyImages)
    np.testing.assert_array_equal(dataset.split("train")[:], IMAGES[[0, 2]])
    np.testing.assert_array_equal(dataset.split("test")[1], IMAGES[3])


def test_a_set_whose_factors_all_have_classes_can_be_sampled() -> None:
    info = replace(FACTS, factors=(Factor("size", "ordinal", 4), Factor("shape", "categorical", 3)))
    factors = Variables.wrap([[0, 2], [1, 0], [2, 1], [3, 2]], names=["size", "shape"])
    sampler = Dataset(info, IMAGES, factors, TRAIN).ground_truth
    assert isinstance(sampler, GroundTruth)
    classes, images = sampler.sample(20, np.random.default_rng(0), {"shape": 2})
    assert set(classes[:, 0].tolist()) == {0, 3}
    np.testing.assert_array_equal(images, IMAGES[classes[:, 0]])


def test_a_set_with_a_continuous_factor_or_none_cannot_be_sampled() -> None:
    assert Dataset(FACTS, IMAGES, FACTORS, TRAIN).ground_truth is None
    assert Dataset(FACTS, IMAGES, None, TRAIN).ground_truth is None


@given(n=st.integers(2, 1000), name=st.text(max_size=5))
def test_a_tenth_is_held_out_and_the_same_each_time(n: int, name: str) -> None:
    train = held_out(n, name)
    assert (~train).sum() == max(1, round(n / 10))
    np.testing.assert_array_equal(train, held_out(n, name))


def test_an_only_image_is_for_training() -> None:
    assert held_out(1, "mine").tolist() == [True]


def test_sets_of_other_names_hold_out_other_rows() -> None:
    assert (held_out(1000, "one") != held_out(1000, "other")).any()


def test_some_rows_are_a_dataset_in_memory() -> None:
    some = Dataset(FACTS, Numbered(), FACTORS, TRAIN).some(np.array([3, 0]))
    assert isinstance(some.images, np.ndarray)
    np.testing.assert_array_equal(some.images, IMAGES[[3, 0]])
    np.testing.assert_array_equal(some.factors, FACTORS.values[[3, 0]])
    assert some.train.tolist() == [False, True]
    assert some.info == replace(FACTS, images=2)
