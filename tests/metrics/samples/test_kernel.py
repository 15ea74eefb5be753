"""The kernel distance against sums over pairs, its lack of bias, and generators of known quality."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.samples.kernel import classifier_kernel_distance, kernel_distance


def by_the_book(x, y):
    """The unbiased estimator, pair by pair."""

    def kernel(a, b):
        return (a @ b / len(a) + 1) ** 3

    within = sum(np.mean([kernel(a, b) for a, b in combinations(points, 2)]) for points in (x, y))
    return within - 2 * np.mean([kernel(a, b) for a, b in product(x, y)])


def test_is_the_mean_over_pairs():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((7, 3)), rng.standard_normal((9, 3)) + 1
    assert kernel_distance(x, y) == pytest.approx(by_the_book(x, y), abs=1e-9)


def test_has_no_bias():
    """Of two samples of one distribution the mean is 0, however few points they have."""
    rng = np.random.default_rng(0)
    values = np.array([kernel_distance(*rng.standard_normal((2, 5, 3))) for _ in range(4000)])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(len(values))


def test_closed_form_for_a_shift_in_one_dimension():
    """The kernel sees means, second and third moments: `3 d1^2 + 3 d2^2 + d3^2` of their differences."""
    rng = np.random.default_rng(1)
    values = [kernel_distance(rng.standard_normal((300, 1)), rng.standard_normal((300, 1)) + 0.5) for _ in range(60)]
    expected = 3 * 0.5**2 + 3 * 0.25**2 + (0.5**3 + 3 * 0.5) ** 2
    assert np.mean(values) == pytest.approx(expected, rel=0.1)


class TestQuality:
    def test_a_perfect_generator_is_near_zero(self, world):
        score = classifier_kernel_distance(**world.parts(2000))
        assert score.low < 0 < score.high
        assert score.details["real_to_real"]["low"] < 0 < score.details["real_to_real"]["high"]
        assert abs(score.value) < 0.3 * score.chance

    def test_a_collapsed_one_is_worse_than_chance(self, world):
        score = classifier_kernel_distance(**world.parts(2000, generator=world.repeat))
        assert score.low > score.details["real_to_real"]["high"]
        assert score.value > score.chance > 0

    def test_the_samples_are_the_subsets(self, world):
        score = classifier_kernel_distance(**world.parts(1000), subsets=8)
        assert score.samples.shape == (8,)
        assert score.samples.mean() == pytest.approx(score.value)
        assert score.details["images_in_a_subset"] == 125

    def test_models_of_one_dataset_can_be_paired(self, world):
        good, bad = (classifier_kernel_distance(**world.parts(400, generator=g)) for g in (world.paint, world.repeat))
        assert good.pairing == bad.pairing
        assert good.pairing != classifier_kernel_distance(**world.parts(400, images=world.real(400, seed=1))).pairing

    def test_the_interval_covers_the_truth(self, world):
        """The truth is 0 for a perfect generator."""
        scores = [classifier_kernel_distance(**world.parts(400), seed=seed) for seed in range(40)]
        assert sum(score.low <= 0 <= score.high for score in scores) >= 34


class TestInvalidInput:
    def test_without_a_classifier_it_is_undefined(self, world):
        assert "no labels" in classifier_kernel_distance(**world.parts(100, classifier=None)).reason

    def test_one_subset(self, world):
        with pytest.raises(MetricError, match="subsets is 1"):
            classifier_kernel_distance(**world.parts(100), subsets=1)

    def test_too_few_images_for_the_subsets(self, world):
        with pytest.raises(MetricError, match="only 30 real test images"):
            classifier_kernel_distance(**world.parts(30))
