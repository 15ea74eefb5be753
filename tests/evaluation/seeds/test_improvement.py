"""The probability of improvement against Mann and Whitney's U, and how often its interval holds."""

from functools import cache

import numpy as np
import pytest
from scipy import stats

from disentangle_bench.evaluation.seeds import probability_of_improvement

RNG = np.random.default_rng


def test_it_is_the_share_of_pairs_that_improve_and_half_of_the_ties():
    first, second = RNG(0).integers(0, 5, size=(2, 7)).astype(float)
    U = stats.mannwhitneyu(second, first, method="asymptotic").statistic
    assert probability_of_improvement(first, second).value == pytest.approx(U / (len(first) * len(second)))


def test_groups_that_do_not_overlap_are_not_certain():
    found = probability_of_improvement(np.arange(5.0), np.arange(10.0, 15.0))
    assert (found.value, found.high) == (1, 1)
    assert 0.5 < found.low < 0.8


def test_exchanging_the_two_reflects_the_interval():
    first, second = RNG(1).normal(size=(2, 6))
    there, back = probability_of_improvement(first, second), probability_of_improvement(second, first)
    assert (there.value, there.low, there.high) == pytest.approx((1 - back.value, 1 - back.high, 1 - back.low))


@pytest.mark.parametrize("n", [5, 10])
@pytest.mark.parametrize("shift", [0, 1, 2])
def test_the_interval_holds_as_often_as_it_says(n, shift):
    rng = RNG(n)
    first, second = rng.normal(size=(5_000, n)), rng.normal(shift, 1, size=(5_000, n))
    wins = (second[:, :, None] > first[:, None]).sum(axis=(1, 2))

    @cache
    def interval(count: int):
        """Of any values with so many wins; the interval depends on nothing else."""
        above = np.repeat(np.arange(n), 1) + 0.5
        heights = np.array([count // n + (place < count % n) for place in range(n)], dtype=float)
        return probability_of_improvement(above, heights)

    true = stats.norm.cdf(shift / 2**0.5)
    found = [interval(int(count)) for count in wins]
    assert [of.value for of in found[:20]] == pytest.approx(wins[:20] / n**2)
    assert 0.93 < np.mean([of.low < true < of.high for of in found]) < 0.97
