"""Differences over seeds against scipy, and how often their intervals hold."""

import numpy as np
import pytest
from scipy import stats

from disentangle_bench.evaluation.seeds import (
    detectable_difference,
    difference_over_seeds,
    paired_seeds,
    unpaired_seeds,
)

RNG = np.random.default_rng


def test_paired_is_students_t_of_the_differences():
    first, second = RNG(0).normal(size=(2, 6))
    found, expected = paired_seeds(first, second), stats.ttest_rel(second, first)
    assert found.value == pytest.approx((second - first).mean())
    assert (found.low, found.high) == pytest.approx(expected.confidence_interval())
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.standard_error, found.degrees) == (pytest.approx(stats.sem(second - first)), 5)
    assert found.detectable == pytest.approx(detectable_difference(found.standard_error, 5))
    assert (found.smallest_p, found.method) == (2 / 64, "paired t over 6 seeds")


def test_unpaired_is_welchs_t():
    first, second = RNG(0).normal(size=4), RNG(1).normal(1, 2, size=7)
    found, expected = unpaired_seeds(first, second), stats.ttest_ind(second, first, equal_var=False)
    assert (found.low, found.high) == pytest.approx(expected.confidence_interval())
    assert found.p == pytest.approx(expected.pvalue)
    assert found.standard_error == pytest.approx(np.hypot(stats.sem(first), stats.sem(second)))
    assert found.degrees == pytest.approx(expected.df)
    assert found.method == "Welch's t, 4 and 7 seeds"


@pytest.mark.parametrize("estimate", [paired_seeds, unpaired_seeds])
class TestWithoutSpread:
    def test_the_permutation_test_is_left(self, estimate):
        found = estimate(np.full(5, 0.1) + 0.2, np.full(5, 0.7))  # 0.1 + 0.2 is not 0.3
        assert found.value == pytest.approx(0.4)
        assert (found.low, found.high, found.detectable) == (None, None, None)
        assert found.p == found.p_exact == pytest.approx(found.smallest_p)
        assert found.reason

    def test_equal_seeds_do_not_differ(self, estimate):
        found = estimate(np.full(5, 0.7), np.full(5, 0.7))
        assert (found.value, found.low, found.high, found.p, found.reason) == (0, 0, 0, 1, "")

    def test_a_single_seed_has_no_test(self, estimate):
        found = estimate(np.array([0.5]), np.array([0.7]))
        assert (found.value, found.p) == (pytest.approx(0.2), None)
        assert "single run" in found.reason


class TestBySeed:
    FIRST, SECOND = {0: 0.1, 1: 0.5, 2: 0.3}, {2: 0.6, 1: 0.9, 0: 0.4}

    def test_equal_seeds_are_paired_in_whatever_order(self):
        expected = paired_seeds(np.array([0.1, 0.5, 0.3]), np.array([0.4, 0.9, 0.6]))
        assert difference_over_seeds(self.FIRST, self.SECOND) == expected

    def test_a_seed_that_lacks_a_value_has_no_pair(self):
        expected = paired_seeds(np.array([0.1, 0.3]), np.array([0.4, 0.6]))
        assert difference_over_seeds(self.FIRST, self.SECOND | {1: None}) == expected
        assert difference_over_seeds(self.FIRST | {1: None}, self.SECOND) == expected

    def test_other_seeds_are_not_paired(self):
        found = difference_over_seeds(self.FIRST, self.SECOND | {3: 0.7})
        assert found == unpaired_seeds(np.array([0.1, 0.5, 0.3]), np.array([0.6, 0.9, 0.4, 0.7]))

    def test_a_single_pair_of_several_is_not_all_that_there_is(self):
        found = difference_over_seeds(self.FIRST | {2: None}, self.SECOND | {0: None})
        assert found == unpaired_seeds(np.array([0.1, 0.5]), np.array([0.6, 0.9]))

    def test_single_runs_have_a_difference_and_no_test(self):
        found = difference_over_seeds({0: 0.1}, {0: 0.4})
        assert (found.value, found.p) == (pytest.approx(0.3), None)


@pytest.mark.parametrize("n", [5, 10])
@pytest.mark.parametrize("spread", [1, 3])
def test_intervals_hold_as_often_as_they_say(n, spread):
    """What `stats` computes row by row here is what both functions return; see the tests above."""
    rng = RNG(n)
    first, second = rng.normal(size=(20_000, n)), rng.normal(0, spread, size=(20_000, n))
    for found in (stats.ttest_rel(second, first, axis=1), stats.ttest_ind(second, first, equal_var=False, axis=1)):
        low, high = found.confidence_interval()
        assert 0.93 < np.mean((low < 0) & (high > 0)) < 0.97
