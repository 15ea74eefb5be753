"""From values on resamples to intervals: they hold the value, keep to bounds, and say why there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from disentangle_bench.errors import SettingError
from disentangle_bench.evaluation.bootstrap import bootstrap_interval, check_resamples, half_sample_interval


@pytest.mark.parametrize("resamples", [1, 19, -1])
def test_too_few_resamples_are_refused(resamples: int) -> None:
    with pytest.raises(SettingError, match="too few"):
        check_resamples(resamples)


@given(
    st.lists(st.floats(-1, 2), min_size=20, max_size=60),
    st.floats(0, 1),
    st.one_of(st.none(), st.lists(st.floats(-1, 2), min_size=2, max_size=20)),
)
def test_an_interval_holds_its_value_within_its_bounds(
    replicates: list[float], value: float, left_out: list[float] | None
) -> None:
    values = np.array(replicates)
    without = None if left_out is None else np.array(left_out)
    for found in (
        bootstrap_interval(value, values, without, len(values), (0, 1)),
        half_sample_interval(value, values, len(values), (0, 1)),
    ):
        assert (found.low is None) == (found.high is None) == bool(found.reason)
        if found.low is not None and found.high is not None:
            assert 0 <= found.low <= value <= found.high <= 1


def test_half_samples_of_a_mean_give_its_t_interval() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal(400)
    halves = np.array([rng.permutation(values)[:200].mean() for _ in range(2000)])
    found = half_sample_interval(float(values.mean()), halves, len(halves), (None, None))
    theory = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(theory, abs=0.01)


def test_a_value_that_too_many_resamples_lack_has_no_interval_and_says_so() -> None:
    found = bootstrap_interval(0.5, np.linspace(0, 1, 80), None, 100, (0, 1))
    assert (found.low, found.details()) == (None, {"reason": "20 of 100 resamples have no value"})


def test_a_value_that_never_varies_has_no_interval_instead_of_a_certain_one() -> None:
    found = bootstrap_interval(1.0, np.ones(100), np.ones(20), 100, (0, 1))
    assert (found.low, found.details()) == (None, {"reason": "every resample has the same value"})


def test_where_resampling_shifts_the_value_the_percentiles_are_moved_back() -> None:
    replicates = 0.2 + np.linspace(-0.1, 0.1, 100)
    found = bootstrap_interval(0.0, replicates, np.linspace(-0.1, 0.1, 20), 100, (None, None))
    assert found.method == "percentile"
    assert (found.low, found.high) == pytest.approx((-0.1, 0.1), abs=0.01)
