from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.datasets import Dataset, DatasetInfo, Factor
from disentangle_bench.datasets.dataset import held_out
from disentangle_bench.datasets.images import LazyImages
from disentangle_bench.evaluation.evaluated import drawn_rows, evaluated, known_factors
from disentangle_bench.representation.variables import Variables


class Drawn(LazyImages):
    """As many images as are asked for, which tell their number."""

    def __init__(self, count: int) -> None:
        self.shape = (count, 1, 1, 4)

    def read(self, rows):
        return rows.astype("<u4").view(np.uint8).reshape(-1, 1, 1, 4)


def dataset_of(count: int, name: str = "many") -> Dataset:
    factors = (Factor("number", "ordinal", count),)
    info = DatasetInfo(name, "Many", count, (1, 1, 4), factors, "MIT", "None.")
    numbers = Variables.wrap(np.arange(count), names=["number"], kinds=["ordinal"])
    return Dataset(info, Drawn(count), numbers, held_out(count, name))


def test_a_small_dataset_is_evaluated_whole():
    whole, usual = evaluated(dataset_of(300))
    assert usual == 300
    assert isinstance(whole.images, np.ndarray)
    assert whole.factors.column("number").tolist() == list(range(300))
    assert evaluated(whole)[0] is whole


def test_of_a_large_dataset_the_same_rows_are_evaluated_each_time():
    some, usual = evaluated(dataset_of(100_001))
    assert usual == 20_000
    assert some.images.shape == (20_000, 1, 1, 4)
    numbers = some.factors.column("number")
    np.testing.assert_array_equal(some.images.reshape(-1, 4).copy().view("<u4")[:, 0], numbers)
    assert len(np.unique(numbers)) == 20_000
    assert some.train.mean() == pytest.approx(0.9, abs=0.01)
    np.testing.assert_array_equal(evaluated(dataset_of(100_001))[0].factors, some.factors)
    assert not np.array_equal(evaluated(dataset_of(100_001, "others"))[0].factors, some.factors)


@pytest.mark.parametrize("count", [300, 100_001])
def test_of_few_rows_no_other_image_is_read(count):
    dataset = dataset_of(count)
    few, usual = evaluated(dataset, 50)
    whole = evaluated(dataset)[0]
    rows = drawn_rows(usual, 50)
    np.testing.assert_array_equal(few.images, whole.images[rows])
    np.testing.assert_array_equal(few.factors.values, whole.factors.values[rows])
    np.testing.assert_array_equal(few.train, whole.train[rows])
    assert few.info == whole.some(rows).info
    asked = []
    dataset.images.read = lambda of: asked.extend(of) or np.zeros((len(of), 1, 1, 4), np.uint8)
    evaluated(dataset, 50)
    assert len(asked) == 50


def test_a_run_is_asked_of_what_is_known_and_not_of_what_was_measured():
    declared = (Factor("digit", "categorical", 3), Factor("slant", "continuous", measured=True))
    values = Variables.wrap([[0, 0.5], [2, -0.1]], names=["digit", "slant"], kinds=["categorical", "continuous"])
    images, train = np.zeros((2, 1, 1, 4), np.uint8), np.array([True, False])

    def known(factors, values):
        return known_factors(Dataset(DatasetInfo("a", "A", 2, (1, 1, 4), factors, "MIT", "."), images, values, train))

    assert known(declared, values).names == ("digit",)
    assert known(declared, values).values.tolist() == [[0], [2]]
    assert known(declared, values).values.dtype == np.int64
    slants = values.select(["slant"])
    assert known(declared[1:], slants) is slants
    assert known(declared, None) is None
