from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from disentangle_bench.datasets import Factor, GroundTruth
from disentangle_bench.datasets.ground_truth import grid
from disentangle_bench.errors import DataError, UnknownNameError

FACTORS = (Factor("shape", "categorical", 3), Factor("scale", "ordinal", 4), Factor("angle", "cyclic", 5))


def images_of(n: int) -> np.ndarray:
    """Images `(n, 1, 1, 2)` that say which one they are."""
    return np.stack([np.arange(n) // 256, np.arange(n) % 256], axis=1).astype(np.uint8).reshape(n, 1, 1, 2)


def rows_of(images: np.ndarray) -> np.ndarray:
    return images[:, 0, 0, 0].astype(int) * 256 + images[:, 0, 0, 1]


WHOLE = GroundTruth(images_of(60), FACTORS, grid(FACTORS))
KEPT = np.flatnonzero(np.arange(60) % 7 > 1)[::-1]
GAPS = GroundTruth(images_of(len(KEPT)), FACTORS, grid(FACTORS)[KEPT])


def test_a_grid_has_every_combination_with_the_first_factor_slowest() -> None:
    classes = grid(FACTORS)
    assert classes.shape == (60, 3)
    assert len(np.unique(classes, axis=0)) == 60
    assert (np.lexsort(classes.T[::-1]) == np.arange(60)).all()


def test_a_grid_knows_whether_it_has_gaps() -> None:
    assert WHOLE.whole
    assert not GAPS.whole
    assert WHOLE.sizes == GAPS.sizes == (3, 4, 5)
    assert WHOLE.cells == 60


@pytest.mark.parametrize("truth", [WHOLE, GAPS], ids=["whole", "gaps"])
def test_classes_and_rows_lead_to_each_other(truth: GroundTruth) -> None:
    rows = np.arange(len(truth))
    np.testing.assert_array_equal(truth.index(truth.classes(rows)), rows)


@pytest.mark.parametrize("truth", [WHOLE, GAPS], ids=["whole", "gaps"])
@given(seed=st.integers(0, 2**32), shape=st.integers(0, 2), angle=st.none() | st.integers(0, 4))
def test_samples_have_the_fixed_classes_and_their_own_images(truth: GroundTruth, seed: int, shape, angle) -> None:
    fixed = {"shape": shape} if angle is None else {"shape": shape, "angle": angle}
    classes, images = truth.sample(30, np.random.default_rng(seed), fixed)
    assert classes.shape == (30, 3)
    assert (classes[:, 0] == shape).all()
    assert angle is None or (classes[:, 2] == angle).all()
    np.testing.assert_array_equal(truth.classes(rows_of(images)), classes)


@pytest.mark.parametrize("truth", [WHOLE, GAPS], ids=["whole", "gaps"])
def test_free_factors_are_drawn_evenly_over_what_there_is(truth: GroundTruth) -> None:
    classes, _ = truth.sample(40_000, np.random.default_rng(0), {"scale": 2})
    there = truth.classes(np.arange(len(truth)))
    cells, counts = np.unique(classes, axis=0, return_counts=True)
    np.testing.assert_array_equal(cells, np.unique(there[there[:, 1] == 2], axis=0))
    expected = 40_000 / len(cells)
    chi_squared = ((counts - expected) ** 2 / expected).sum()
    assert chi_squared < 2.5 * len(cells)


def test_of_images_with_equal_classes_the_first_is_found() -> None:
    classes = np.array([[2], [0], [2], [0]])
    truth = GroundTruth(images_of(4), [Factor("shape", "categorical", 3)], classes)
    assert truth.index([[2], [0]]).tolist() == [0, 1]
    assert truth.classes([2, 3]).tolist() == [[2], [0]]


def test_many_binary_factors_have_more_combinations_than_memory() -> None:
    factors = [Factor(f"attribute {number}", "categorical", 2) for number in range(40)]
    classes = np.random.default_rng(0).integers(0, 2, size=(50, 40))
    truth = GroundTruth(images_of(50), factors, classes)
    assert truth.cells == 2**40
    np.testing.assert_array_equal(truth.index(classes), np.arange(50))
    drawn, _ = truth.sample(100, np.random.default_rng(1), {"attribute 3": 1})
    assert (drawn[:, 3] == 1).all()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: GAPS.index([0, 0, 0]), "no image with the classes shape 0, scale 0, angle 0"),
        (lambda: WHOLE.index([0, 4, 0]), "'scale' has the class 4; it has 4 classes, from 0 on"),
        (lambda: WHOLE.index([[0, 1]]), "classes of 2 factors instead of those of shape, scale, angle"),
        (lambda: WHOLE.sample(1, np.random.default_rng(0), {"angle": -1}), "'angle' has the class -1"),
        (lambda: GAPS.sample(1, np.random.default_rng(0), {"angle": 5}), "'angle' has the class 5"),
        (lambda: GAPS.sample(1, np.random.default_rng(0), {"shape": 0, "scale": 0, "angle": 0}), "no image with"),
        (lambda: GroundTruth(images_of(2), FACTORS, np.array([[0, 0, 0], [3, 0, 0]])), "'shape' has the class 3"),
        (lambda: GroundTruth(images_of(2), FACTORS, np.zeros((3, 3), int)), r"2 images and 3 factors .* \(3, 3\)"),
        (lambda: GroundTruth(images_of(1), [Factor("ink", "continuous")], np.zeros((1, 1), int)), "'ink' is continu"),
    ],
)
def test_what_is_not_there_is_reported(ask, message: str) -> None:
    with pytest.raises(DataError, match=message):
        ask()


@pytest.mark.parametrize("truth", [WHOLE, GAPS])
@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda truth: truth.sample(2, np.random.default_rng(0), {"scale": 0.75}),
            "0.75 is not a class of 'scale', which",
        ),
        (
            lambda truth: truth.sample(2, np.random.default_rng(0), {"shape": "heart"}),
            "'heart' is not a class of 'shape'",
        ),
        (lambda truth: truth.index([[0, 0.5, 0]]), "0.0 is not a class"),
        (lambda truth: truth.classes([1.5]), "1.5 is not a row"),
    ],
)
def test_a_value_is_not_taken_for_the_number_of_a_class(truth: GroundTruth, ask, message: str) -> None:
    with pytest.raises(DataError, match=message):
        ask(truth)


def test_an_unknown_factor_is_reported() -> None:
    with pytest.raises(UnknownNameError, match="shap"):
        WHOLE.sample(1, np.random.default_rng(0), {"shap": 1})
