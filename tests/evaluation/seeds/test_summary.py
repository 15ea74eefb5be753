"""What seeds come to, against scipy, and how often the intervals hold."""

import numpy as np
import pytest
from scipy import stats

from disentangle_bench.evaluation.seeds import interquartile_mean, mean_over_seeds, stratified_interval

RNG = np.random.default_rng


def test_the_mean_has_students_interval():
    values = RNG(0).normal(size=5)
    expected = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    assert mean_over_seeds(values) == pytest.approx((values.mean(), *expected))


@pytest.mark.parametrize("values", [[0.3], [0.3, 0.3]])
def test_without_spread_there_is_no_interval(values):
    assert mean_over_seeds(np.array(values)) == (0.3, None, None)


@pytest.mark.parametrize(("values", "expected"), [([1, 2, 3, 100], 2.5), ([0, 1, 2, 3, 100], 2), (range(8), 3.5)])
def test_the_interquartile_mean_is_that_of_the_middle_half(values, expected):
    assert interquartile_mean(RNG(0).permutation(np.array(values, dtype=float))) == expected


def test_of_a_mean_the_stratified_interval_is_students_but_for_the_resamples():
    """The resamples' variance is `(n - 1) / n` of the mean's."""
    values = RNG(1).normal(size=10)
    found = stratified_interval([values], np.mean, resamples=40_000)
    reach = stats.t.ppf(0.975, 9) * values.std() / 10**0.5
    assert found == pytest.approx((values.mean(), values.mean() - reach, values.mean() + reach), rel=0.02)


def test_seeds_stay_in_their_stratum():
    """Levels of datasets that differ by much are no spread over seeds."""
    strata = [level + RNG(level).normal(0, 0.01, size=5) for level in (0, 10)]
    found = stratified_interval(strata, np.mean)
    assert found.high - found.low < 0.1


def test_constant_strata_have_no_interval():
    assert stratified_interval([np.ones(5), np.zeros(5)]) == (0.5, None, None)


@pytest.mark.slow
@pytest.mark.parametrize("n", [5, 10])
@pytest.mark.parametrize("count", [1, 3])
def test_the_interval_of_the_interquartile_mean_holds_as_often_as_it_says(n, count):
    rng = RNG(n * count)
    draws = np.linspace(0, 1, count)[:, None] + rng.normal(0, 0.2, size=(20_700, count, n))
    target = interquartile_mean(draws[700:].reshape(20_000, -1), axis=1).mean()
    found = [stratified_interval([*strata], resamples=200, seed=number) for number, strata in enumerate(draws[:700])]
    assert 0.93 < np.mean([of.low < target < of.high for of in found]) < 0.97
