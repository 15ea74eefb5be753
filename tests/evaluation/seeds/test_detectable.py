"""The smallest detectable difference against published sample sizes and a simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from disentangle_bench.evaluation.seeds import detectable_difference


@pytest.mark.parametrize(("n", "effect"), [(10, 0.996), (34, 0.494), (5, 1.682)])
def test_paired_effects_that_need_so_many_pairs(n, effect):
    """Cohen's d for a power of 0.8 at 5 %, two-sided, as tables of sample sizes have it: 34 pairs for 0.5."""
    assert detectable_difference(1 / math.sqrt(n), n - 1) == pytest.approx(effect, abs=0.002)


def test_it_scales_with_the_standard_error():
    assert detectable_difference(0.3, 4) == pytest.approx(3 * detectable_difference(0.1, 4))


@pytest.mark.parametrize("level", [0.05, 0.005])
@pytest.mark.parametrize("n", [3, 5, 10])
def test_eighty_of_a_hundred_such_differences_are_found(n, level):
    true = detectable_difference(1 / math.sqrt(n), n - 1, level)
    samples = np.random.default_rng(n).normal(true, 1, size=(20_000, n))
    found = stats.ttest_1samp(samples, 0, axis=1).pvalue < level
    assert np.mean(found) == pytest.approx(0.8, abs=0.01)
