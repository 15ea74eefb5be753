"""What stands beside scores: simulated where a metric has none of its own, and only then."""

from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.evaluation.context import Context, add_context
from disentangle_bench.evaluation.metric_call import MetricCall
from disentangle_bench.evaluation.reference_levels import effort_of
from disentangle_bench.metrics import Score, Scores, metric
from disentangle_bench.metrics.metric import Codes, Factors

from .conftest import MakeCall, information, share


@metric("knowing", version=1, bounds=(0, 1), better="higher", source="this test")
def knowing(codes: Codes, factors: Factors) -> Scores:
    """Knows its ceiling, and the interval of its first part."""
    value = float(np.asarray(codes).mean() / 2)
    return {
        "first": Score(value, low=0.0, high=1.0, ceiling=0.9),
        "second": Score(value),
        "none": Score.undefined("why"),
    }


@metric("sleepy", version=1, bounds=(0, 1), better="higher", source="this test", slow=True)
def sleepy(codes: Codes, factors: Factors) -> Scores:
    """Is slow."""
    return Score(float(np.asarray(codes).mean() / 2))


def complete(call: MetricCall, context: Context | None = None, seconds: float = 0.0) -> dict[str, Score]:
    return add_context(call, call.scores(), context or Context(), seconds)


@pytest.fixture
def labels() -> np.ndarray:
    return np.random.default_rng(0).integers(4, size=120)


def test_all_of_it_stands_beside_a_score_with_how_it_came_about(make_call: MakeCall, labels: np.ndarray) -> None:
    half_right = np.where(np.arange(120) % 2, labels, 9)
    score = complete(make_call(share, half_right, labels, np.arange(120) < 60))["right"]
    assert score.low < score.value < score.high
    assert score.chance < score.value < score.ceiling
    assert score.details["interval"]["resamples"] == 100
    assert score.details["levels"]["rows"] == 120


def test_a_part_of_which_less_is_better_has_the_lower_ceiling(make_call: MakeCall, labels: np.ndarray) -> None:
    score = complete(make_call(share, np.roll(labels, 1), labels, np.arange(120) < 60))["wrong"]
    assert score.ceiling == 0


def test_a_metric_keeps_what_it_knows_itself(make_call: MakeCall, labels: np.ndarray) -> None:
    scores = complete(make_call(knowing, labels % 2, labels))
    assert (scores["first"].low, scores["first"].high, scores["first"].ceiling) == (0, 1, 0.9)
    assert (scores["second"].low, scores["second"].ceiling) == (None, None)
    assert scores["first"].chance is not None
    assert scores["second"].chance is not None
    assert scores["none"] == Score.undefined("why")
    assert "interval" not in scores["first"].details


def test_slow_metrics_are_resampled_only_if_asked_by_number(make_call: MakeCall) -> None:
    call = make_call(sleepy, np.arange(60) % 2, np.arange(60) % 2)
    assert complete(call)[""].low is None
    assert complete(call, Context(resamples=20))[""].low is not None


def test_neither_is_done_where_neither_is_wanted(make_call: MakeCall, labels: np.ndarray) -> None:
    call = make_call(information, labels, labels)
    assert complete(call, Context(resamples=0, levels=False)) == call.scores()


def test_progress_counts_simulations_and_resamples(make_call: MakeCall, labels: np.ndarray) -> None:
    reported: list[tuple[int, int]] = []
    context = Context(resamples=20, on_progress=lambda done, total: reported.append((done, total)))
    call = make_call(information, labels[:40], labels[:40])
    simulations = effort_of(call).simulations
    complete(call, context)
    total = simulations + 20
    assert reported[-1] == (total, total)
    assert [done for done, _ in reported] == sorted(done for done, _ in reported)
    assert len(reported) >= total - effort_of(call).ceiling  # of one code, none is left over
    reported.clear()
    complete(call, context)
    assert reported[0] == (simulations, total)  # cached
