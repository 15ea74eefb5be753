"""Bootstrap intervals: they cover what they say, keep to splits and bounds, and follow their seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from disentangle_bench.errors import SettingError
from disentangle_bench.evaluation.bootstrap import bootstrap_intervals, interval_of, resampled_rows
from disentangle_bench.evaluation.metric_call import MetricCall, Schedule
from disentangle_bench.metrics import Score, Scores, metric
from disentangle_bench.metrics.information.entropies import mutual_information
from disentangle_bench.metrics.metric import Codes, Factors

from .conftest import MakeCall, information, share

UNIT = {"right": (0, 1), "wrong": (0, 1), "": (0, None), "mean": (None, None), "rare": (None, None)}


@metric("moments", version=1, bounds=(None, None), better="higher", source="this test")
def moments(codes: Codes, factors: Factors) -> Scores:
    """The mean of the first code; and a part that resamples without a 1 among the factors do not have."""
    rare = Score(0.5) if (np.asarray(factors) == 1).any() else Score.undefined("no 1")
    return {"mean": Score(float(np.asarray(codes)[:, 0].mean())), "rare": rare}


def intervals(call: MetricCall, **options: int):
    return bootstrap_intervals(call, call.values(), UNIT, **options)


@given(st.integers(1, 60), st.integers(0, 2**32), st.data())
def test_each_split_is_drawn_from_itself(n: int, seed: int, data: st.DataObject) -> None:
    train = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    rows = resampled_rows(train, n, seed)
    assert len(rows) == n
    assert train[rows].sum() == train.sum()
    assert np.array_equal(rows, resampled_rows(train, n, seed))
    assert len(resampled_rows(None, n, seed)) == n


def test_the_mean_has_the_interval_of_theory(make_call: MakeCall) -> None:
    values = np.random.default_rng(0).standard_normal(400)
    found = intervals(make_call(moments, values, np.arange(400) % 3), resamples=2000)["mean"]
    theory = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(theory, abs=0.01)
    assert found.method == "BCa"
    assert found.resamples == 2000


def test_bca_is_as_scipy_has_it(make_call: MakeCall) -> None:
    values = np.random.default_rng(1).exponential(size=150)
    found = intervals(make_call(moments, values, np.arange(150) % 3), resamples=4000)["mean"]
    theirs = stats.bootstrap((values,), np.mean, n_resamples=9999, method="BCa", random_state=0).confidence_interval
    assert (found.low, found.high) == pytest.approx(theirs, abs=0.015)


def test_the_same_seed_gives_the_same_interval(make_call: MakeCall) -> None:
    rng = np.random.default_rng(0)
    call = make_call(share, rng.integers(3, size=90), rng.integers(3, size=90), np.arange(90) < 60)
    first, again, other = (intervals(call, resamples=40, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other


@pytest.mark.slow
def test_processes_change_no_figure(make_call: MakeCall) -> None:
    from disentangle_bench.metrics import c1_accuracy

    rng = np.random.default_rng(0)
    call = make_call(c1_accuracy, rng.integers(3, size=90), rng.integers(3, size=90), np.arange(90) < 60, bootstrap=2)
    values, bounds = call.values(), dict.fromkeys(call.values(), (None, None))
    alone = bootstrap_intervals(call, values, bounds, resamples=20)
    assert bootstrap_intervals(call, values, bounds, resamples=20, schedule=Schedule(1000.0)) == alone


def test_where_resampling_shifts_the_figure_the_percentiles_are_moved_back(make_call: MakeCall) -> None:
    rng = np.random.default_rng(0)
    call = make_call(information, rng.integers(10, size=500), rng.integers(10, size=500))
    found = intervals(call)[""]
    assert found.method == "percentile"
    assert found.low < call.values()[""] < found.high


def test_a_part_that_too_many_resamples_lack_has_no_interval_and_says_so(make_call: MakeCall) -> None:
    factors = np.zeros(30, dtype=int)
    factors[0] = 1
    found = intervals(make_call(moments, np.arange(30.0), factors))
    assert found["mean"].low is not None
    assert found["rare"].low is None
    assert "resamples have no value" in found["rare"].reason


def test_a_figure_that_never_varies_has_no_interval_instead_of_a_certain_one(make_call: MakeCall) -> None:
    labels = np.arange(60) % 3
    found = intervals(make_call(share, labels, labels, np.arange(60) < 30))
    assert found["right"].low is None
    assert found["right"].details() == {"reason": "every resample has the same value"}


@pytest.mark.parametrize("resamples", [1, 19, -1])
def test_too_few_resamples_are_refused(make_call: MakeCall, resamples: int) -> None:
    with pytest.raises(SettingError, match="no tails"):
        intervals(make_call(information, np.arange(9) % 3, np.arange(9) % 3), resamples=resamples)


@given(
    st.lists(st.floats(-1, 2), min_size=20, max_size=60),
    st.floats(0, 1),
    st.one_of(st.none(), st.lists(st.floats(-1, 2), min_size=2, max_size=20)),
)
def test_an_interval_holds_its_value_within_its_bounds(
    replicates: list[float], value: float, left_out: list[float] | None
) -> None:
    without = None if left_out is None else np.array(left_out)
    found = interval_of(value, np.array(replicates), without, resamples=len(replicates), bounds=(0, 1))
    assert (found.low is None) == (found.high is None) == bool(found.reason)
    if found.low is not None and found.high is not None:
        assert 0 <= found.low <= value <= found.high <= 1


@pytest.mark.slow
def test_a_share_is_covered(make_call: MakeCall) -> None:
    """95 %, but for three standard errors of 300 trials."""
    rng, held = np.random.default_rng(0), 0
    for trial in range(300):
        factors = rng.integers(3, size=200)
        codes = np.where(rng.random(200) < 0.7, factors, 3)
        found = intervals(make_call(share, codes, factors, np.arange(200) < 100), seed=trial)["right"]
        held += found.low <= 0.7 <= found.high
    assert 0.91 <= held / 300 <= 0.99


@pytest.mark.slow
@pytest.mark.parametrize(("values", "samples"), [(2, 300), (4, 1000), (10, 600)])
def test_plug_in_information_is_covered(make_call: MakeCall, values: int, samples: int) -> None:
    """The figure that other samples of this size give on average, which for 2 values is the channel's own."""
    rng, held = np.random.default_rng(0), 0
    chances = np.full((values, values), 0.4 / values**2) + 0.6 * np.eye(values) / values
    tables = rng.multinomial(samples, chances.ravel(), size=10_000).reshape(-1, values, values)
    mean = float(mutual_information(tables).mean())
    true = float(mutual_information(chances * 10**9))
    if values == 2:
        assert mean == pytest.approx(true, abs=0.003)
    for trial in range(200):
        codes, factors = np.divmod(rng.choice(values**2, size=samples, p=chances.ravel()), values)
        found = intervals(make_call(information, codes, factors), seed=trial)[""]
        held += found.low <= mean <= found.high
    assert 0.90 <= held / 200 <= 0.99
