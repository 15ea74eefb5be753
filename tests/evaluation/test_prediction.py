"""What an evaluation is foretold to take: what grows with what, and what costs nothing any more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from disentangle_bench.evaluation import prediction
from disentangle_bench.evaluation.context import Context, add_context
from disentangle_bench.evaluation.plan import Step
from disentangle_bench.evaluation.prediction import predicted_seconds, seconds_of_call, too_wide
from disentangle_bench.evaluation.progress import Scored
from disentangle_bench.evaluation.results import ScoreEntry
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.metrics import Score, Scores, metric
from disentangle_bench.metrics.metric import Classifier, Codes, Factors, Generator

from .conftest import MakeCall, information

ALONE = Context(resamples=0, levels=False)


@metric("drawing", version=1, bounds=(0, 1), better="higher", source="this test", seconds=6)
def drawing(generator: Generator) -> Scores:
    """Generates images."""
    return Score(0.5)


@metric("judging", version=1, bounds=(0, 1), better="higher", source="this test", seconds=6)
def judging(generator: Generator, classifier: Classifier | None = None) -> Scores:
    """Has a classifier judge them."""
    return Score(0.5)


@metric("judging-again", version=1, bounds=(0, 1), better="higher", source="this test", seconds=6)
def judging_again(generator: Generator, classifier: Classifier) -> Scores:
    """Has the classifier judge others."""
    return Score(0.5)


@metric("fitting", version=1, bounds=(0, 1), better="higher", source="this test", seconds=60, slow=True)
def fitting(codes: Codes, factors: Factors) -> Scores:
    """Fits a factor at a time, in several processes."""
    return Score(0.5)


@pytest.fixture(autouse=True)
def _threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)


@pytest.fixture
def labels() -> np.ndarray:
    return np.random.default_rng(0).integers(4, size=120)


def foretold(*functions: Any, size: int = 28, making: dict[str, float] | None = None) -> list[float]:
    parts = dict.fromkeys(("generator", "classifier"))
    subject = Subject("x", {**parts, "images": np.zeros((2, 1, size, size))}, making=making or {})
    steps = [Step(function.info.name, function, {}, {}, named=False, given=False) for function in functions]
    return list(predicted_seconds(steps, subject, ALONE).values())


def test_work_on_codes_grows_with_rows_and_with_what_is_wanted(make_call: MakeCall, labels: np.ndarray) -> None:
    small, large = (make_call(information, labels[:n], labels[:n]) for n in (40, 120))
    assert seconds_of_call(large, ALONE) == pytest.approx(3 * seconds_of_call(small, ALONE))
    assert seconds_of_call(large, Context(resamples=20)) > 20 * seconds_of_call(large, ALONE)


def test_levels_that_are_kept_cost_nothing(make_call: MakeCall, labels: np.ndarray) -> None:
    call, context = make_call(information, labels, labels), Context(resamples=0)
    assert seconds_of_call(call, context) > seconds_of_call(call, ALONE)
    add_context(call, call.scores(), context)
    assert seconds_of_call(call, context) == seconds_of_call(call, ALONE)


def test_slow_work_is_shared_by_as_many_processes_as_there_are_factors(
    make_call: MakeCall, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = make_call(fitting, labels, np.stack([labels, labels[::-1]], axis=1))
    taken = []
    for processors in (1, 2, 16):
        monkeypatch.setattr(prediction, "cpu_count", lambda processors=processors: processors)
        taken.append(seconds_of_call(call, ALONE))
    assert taken[0] > taken[1] == taken[2] > taken[0] / 2


def test_work_on_images_grows_with_their_size_and_shrinks_with_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert foretold(drawing) == pytest.approx([6])
    assert foretold(drawing, size=56) == pytest.approx([6 * (0.1 + 0.9 * 4)])
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    assert foretold(drawing) == pytest.approx([3])


def test_making_a_part_counts_once_for_the_first_metric_that_takes_it() -> None:
    assert foretold(drawing, judging, judging_again, making={"classifier": 70}) == pytest.approx([6, 76, 6])
    assert foretold(drawing, judging) == pytest.approx([6, 6])


def test_a_line_says_how_much_is_left_if_that_is_long() -> None:
    scored = Scored("mig", {"mig": ScoreEntry(metric="mig", value=0.5)}, remaining=41)
    assert str(scored) == "mig: 0.5 (about 41 s left)"
    assert str(Scored("mig", scored.scores, remaining=2)) == "mig: 0.5"


@pytest.mark.parametrize(("codes", "factors", "classes"), [(3000, 2, 3), (10, 1500, 3), (10, 1, 1500)])
def test_what_takes_long_of_many_codes_factors_or_classes_is_found(codes: int, factors: int, classes: int) -> None:
    subject = Subject(
        "wide", {"codes": np.zeros((3000, codes)), "factors": np.tile(np.arange(3000) % classes, (factors, 1)).T}
    )
    steps = [Step(function.info.name, function, {}, {}, False, False) for function in (fitting, information)]
    assert list(too_wide(steps, subject, Context(resamples=0))) == ["fitting"]


def test_many_rows_alone_are_not_too_wide() -> None:
    subject = Subject("long", {"codes": np.zeros((200_000, 10)), "factors": np.arange(200_000) % 100})
    assert too_wide([Step("fitting", fitting, {}, {}, False, False)], subject, Context(resamples=0)) == {}
