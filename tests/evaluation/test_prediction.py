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
from disentangle_bench.metrics import METRICS, Score, Scores, metric
from disentangle_bench.metrics.metric import Classifier, Codes, Factors, Generator
from disentangle_bench.representation.variables import Variables

from .conftest import MakeCall, information

ALONE = Context(resamples=0, levels=False)
CHEAP = Context(resamples=0)


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


def test_work_on_codes_grows_with_rows_and_with_what_is_wanted(make_call: MakeCall) -> None:
    labels = np.random.default_rng(0).integers(4, size=60_000)
    few, some, many = (make_call(information, labels[:n], labels[:n]) for n in (100, 20_000, 60_000))
    assert seconds_of_call(many, ALONE) == pytest.approx(3 * seconds_of_call(some, ALONE))
    assert seconds_of_call(few, ALONE) == pytest.approx((0.3 + 0.7 / 100) / 2 * seconds_of_call(some, ALONE))
    assert seconds_of_call(some, Context(resamples=20)) > 20 * seconds_of_call(some, ALONE)


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
    uneven = make_call(fitting, labels, np.stack([np.arange(120), labels % 2], axis=1))
    assert seconds_of_call(uneven, ALONE) > 0.95 * 60 * uneven.scale  # one of them waits for the other


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


@pytest.mark.parametrize(("codes", "factors", "classes"), [(3000, 2, 3), (10, 1500, 3), (10, 1, 1500), (4, 1, 2000)])
def test_what_takes_long_of_many_codes_factors_or_classes_is_found(codes: int, factors: int, classes: int) -> None:
    subject = Subject(
        "wide", {"codes": np.zeros((3000, codes)), "factors": np.tile(np.arange(3000) % classes, (factors, 1)).T}
    )
    steps = [Step(function.info.name, function, {}, {}, False, False) for function in (fitting, information)]
    assert list(too_wide(steps, subject, Context(resamples=0))) == ["fitting"]


def test_many_rows_alone_are_not_too_wide() -> None:
    subject = Subject("long", {"codes": np.zeros((200_000, 10)), "factors": np.arange(200_000) % 100})
    assert too_wide([Step("fitting", fitting, {}, {}, False, False)], subject, Context(resamples=0)) == {}


def wide(codes: int = 10, factors: int = 2, classes: int = 3, categories: int = 0, rows: int = 3_000) -> Subject:
    """A subject with many of something."""
    values = np.tile(np.arange(float(rows)) % (categories or rows), (codes, 1)).T
    kinds = ["categorical" if categories else "continuous"] * codes
    labels = np.tile(np.arange(rows) % classes, (factors, 1)).T
    return Subject("wide", {"codes": Variables.wrap(values, kinds=kinds), "factors": labels})


def left_out(subject: Subject, *functions: Any, context: Context = CHEAP) -> list[str]:
    steps = [Step(of.info.name, of, {}, {}, named=False, given=False) for of in functions]
    return list(too_wide(steps, subject, context))


def test_every_category_of_a_code_is_a_column_for_a_learner() -> None:
    assert left_out(wide(codes=2, categories=2_000, classes=20), fitting, information) == ["fitting"]
    assert left_out(wide(codes=2, categories=3, classes=20), fitting, information) == []


@pytest.mark.parametrize("many", [{"codes": 3_000}, {"factors": 2_000}])
def test_trials_grow_with_codes_and_factors_and_not_with_rows(many: dict[str, int]) -> None:
    """200 seconds of `beta-vae-score` were not foretold."""
    for rows in (60, 3_000):
        for name in ("beta-vae-score", "factor-vae-score"):
            assert left_out(wide(rows=rows, **many), METRICS.get(name), context=Context()) == [name]


def test_metrics_of_codes_alone_are_found_too() -> None:
    subject = Subject("wide", {"codes": np.zeros((100, 4_000))})
    functions = [METRICS.get(name) for name in ("average-pairwise-information", "active-units")]
    assert left_out(subject, *functions) == ["average-pairwise-information"]
    square = METRICS.get("gaussian-total-correlation")
    assert left_out(Subject("wide", {"codes": np.zeros((100, 20_000))}), square) == ["gaussian-total-correlation"]


def test_few_rows_of_so_many_codes_are_not_less_work() -> None:
    for rows in (6, 60, 3_000):
        assert left_out(wide(codes=3_000, rows=rows), fitting) == ["fitting"]


def test_metrics_are_left_out_that_would_take_long_together(monkeypatch: pytest.MonkeyPatch) -> None:
    functions = [replaced(f"fitting-{number}") for number in range(5)]
    subject = wide(codes=3_000)
    alone = max(too_wide([Step("x", functions[0], {}, {}, False, False)], subject, CHEAP).values())
    monkeypatch.setattr(prediction, "LONGEST", alone)
    monkeypatch.setattr(prediction, "TOGETHER", 3.5 * alone)
    assert left_out(subject, *functions) == ["fitting-3", "fitting-4"]


def replaced(name: str) -> Any:
    """`fitting` under another name."""

    @metric(name, version=1, bounds=(0, 1), better="higher", source="this test", seconds=60, slow=True)
    def again(codes: Codes, factors: Factors) -> Scores:
        """Fits as well."""
        return Score(0.5)

    return again


def test_what_is_left_out_does_not_depend_on_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction, "are_kept", lambda call: pytest.fail("looked"))
    assert left_out(wide(codes=3_000), fitting, context=Context()) == ["fitting"]
