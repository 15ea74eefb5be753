"""What stands beside scores: simulated where a metric has none of its own, and only then."""

from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.evaluation import context
from disentangle_bench.evaluation.context import Context, in_context
from disentangle_bench.evaluation.question import Question
from disentangle_bench.metrics import Score, Scores, metric
from disentangle_bench.metrics.metric import Codes, Factors

from .conftest import Ask, information, share


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


def complete(question: Question, context: Context | None = None, seconds: float = 0.0) -> dict[str, Score]:
    return in_context(question.scores(), question, context or Context(), seconds)


@pytest.fixture
def labels() -> np.ndarray:
    return np.random.default_rng(0).integers(4, size=120)


def test_all_of_it_stands_beside_a_score_with_how_it_came_about(ask: Ask, labels: np.ndarray) -> None:
    half_right = np.where(np.arange(120) % 2, labels, 9)
    score = complete(ask(share, half_right, labels, np.arange(120) < 60))["right"]
    assert score.low < score.value < score.high
    assert score.chance < score.value < score.ceiling
    assert score.details["bootstrap"]["resamples"] == 100
    assert score.details["levels"]["rows"] == 120


def test_a_part_of_which_less_is_better_has_the_lower_ceiling(ask: Ask, labels: np.ndarray) -> None:
    score = complete(ask(share, np.roll(labels, 1), labels, np.arange(120) < 60))["wrong"]
    assert score.ceiling == 0


def test_a_metric_keeps_what_it_knows_itself(ask: Ask, labels: np.ndarray) -> None:
    scores = complete(ask(knowing, labels % 2, labels))
    assert (scores["first"].low, scores["first"].high, scores["first"].ceiling) == (0, 1, 0.9)
    assert (scores["second"].low, scores["second"].ceiling) == (None, None)
    assert scores["first"].chance is not None
    assert scores["second"].chance is not None
    assert scores["none"] == Score.undefined("why")
    assert "bootstrap" not in scores["first"].details


def test_slow_metrics_are_resampled_only_if_asked_by_number(ask: Ask) -> None:
    question = ask(sleepy, np.arange(60) % 2, np.arange(60) % 2)
    assert complete(question)[""].low is None
    assert complete(question, Context(resamples=20))[""].low is not None


def test_neither_is_done_where_neither_is_wanted(ask: Ask, labels: np.ndarray) -> None:
    question = ask(information, labels, labels)
    assert complete(question, Context(resamples=0, levels=False)) == question.scores()


def test_long_work_is_announced_once_for_each_kind(ask: Ask, labels: np.ndarray) -> None:
    told: list[str] = []
    complete(ask(information, labels[:40], labels[:40]), Context(resamples=20, on_progress=told.append), seconds=0.4)
    assert told == []
    complete(ask(sleepy, labels[:40], labels[:40]), Context(resamples=20, on_progress=told.append), seconds=2.9)
    assert told == ["  20 resamples: about 58 seconds of work"]


def test_very_many_rows_are_resampled_only_if_asked_by_number(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "MOST_ROWS", 100)
    labels = np.random.default_rng(0).integers(4, size=120)
    question = ask(information, labels, np.roll(labels, 1))
    assert complete(question)[""].low is None
    assert complete(question, Context(resamples=20))[""].low is not None


def test_what_is_fitted_anew_is_resampled_only_of_fewer_rows(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "MOST_FITTED_ROWS", 100)
    labels = np.random.default_rng(0).integers(4, size=120)
    train = np.arange(120) < 80
    assert complete(ask(share, labels, np.roll(labels, 1), train))["right"].low is None
    assert complete(ask(share, labels[:100], np.roll(labels, 1)[:100], train[:100]))["right"].low is not None
    assert complete(ask(information, labels, np.roll(labels, 1)))[""].low is not None
