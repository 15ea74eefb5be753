"""Metrics are asked of subjects, and their scores kept, without one shifting or losing another's."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from disentangle_bench import metrics
from disentangle_bench.errors import MetricError, NewerSchemaError, SettingError, UnknownNameError
from disentangle_bench.evaluation.evaluate import keep_results, score_subject
from disentangle_bench.evaluation.results import Results
from disentangle_bench.evaluation.subject import Parts, Subject, subject_of_representation
from disentangle_bench.metrics import Score, Scores, metric
from disentangle_bench.metrics.metric import Codes, Factors
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.representation import Representation
from disentangle_bench.run import Run


@metric("one", version=3, bounds=(0, 1), better="higher", source="this test")
def one(codes: Codes, *, scale: float = 1.0, seed: int = 0) -> Scores:
    """A single score."""
    value = float(np.asarray(codes).mean()) * scale
    return Score(value, details={"seed": seed}, samples=np.array([value, value]))


@metric("two", version=1, bounds=(0, 1), better="higher", source="this test")
def two(codes: Codes, factors: Factors) -> Scores:
    """Two parts, the second of them undefined."""
    return {"first": Score(0.5, samples=np.array([0.25, 0.75]), pairing="rows"), "second": Score.undefined("why")}


@metric("failing", version=1, bounds=(0, 1), better="higher", source="this test")
def failing(codes: Codes) -> Scores:
    """Cannot use its input."""
    raise MetricError("column 'c1' is constant.", "Drop it.")


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    targets = {name: f"{__name__}:{name}" for name in ("one", "two", "failing")}
    functions = {"one": one, "two": two, "failing": failing}
    monkeypatch.setattr(metrics.METRICS, "_targets", targets)
    monkeypatch.setattr(metrics.METRICS, "get", lambda name: functions[name])


@pytest.fixture
def subject() -> Subject:
    return subject_of_representation(Representation.of(np.full((6, 1), 0.25), np.arange(6) % 2), "mine")


def test_scores_are_named_after_metric_and_part(registered: None, subject: Subject) -> None:
    results = score_subject(subject, ["one", "two"])
    assert list(results.scores) == ["one", "two.first", "two.second"]
    assert results.scores["one"].value == 0.25
    assert results.scores["one"].version == 3
    assert results.scores["two.second"].value is None
    assert results.scores["two.second"].reason == "why"


def test_an_unpaired_score_stays_unpaired_and_a_paired_one_names_the_subjects_rows(
    registered: None, subject: Subject
) -> None:
    samples = score_subject(subject, ["one", "two"]).samples
    assert samples["one"].pairing == ""
    assert samples["two.first"].pairing == f"{subject.samples} rows"


def test_adding_a_metric_shifts_no_others_seed(registered: None, subject: Subject) -> None:
    alone = score_subject(subject, ["one"]).scores["one"].details
    assert score_subject(subject, ["two", "one"]).scores["one"].details == alone
    assert score_subject(subject, ["one"], seed=1).scores["one"].details != alone
    assert score_subject(subject, ["one"], settings={"one": {"seed": 7}}).scores["one"].details == {"seed": 7}


def test_settings_reach_the_metric_and_are_kept(registered: None, subject: Subject) -> None:
    entry = score_subject(subject, ["one"], settings={"one": {"scale": 2.0}}).scores["one"]
    assert entry.value == 0.5
    assert entry.settings["scale"] == 2.0


def test_a_metric_that_refuses_its_input_is_null_with_the_reason_and_loses_no_other(
    registered: None, subject: Subject
) -> None:
    results = score_subject(subject)
    assert results.scores["failing"].value is None
    assert "c1" in results.scores["failing"].reason
    assert results.scores["one"].value == 0.25


def test_all_metrics_that_can_be_asked_are_asked(registered: None) -> None:
    codes_only = subject_of_representation(Representation.of(np.zeros((4, 1))), "mine")
    assert list(score_subject(codes_only).scores) == ["one", "failing"]


def test_a_plain_string_is_one_name(registered: None, subject: Subject) -> None:
    assert list(score_subject(subject, "one").scores) == ["one"]
    assert list(score_subject(subject, "all").scores) == ["one", "two.first", "two.second", "failing"]


def test_a_named_metric_that_lacks_a_part_is_refused(registered: None) -> None:
    codes_only = subject_of_representation(Representation.of(np.zeros((4, 1))), "mine")
    with pytest.raises(MetricError, match="needs factors"):
        score_subject(codes_only, ["two"])


def test_nothing_that_can_be_asked_is_an_error(registered: None) -> None:
    with pytest.raises(MetricError, match="No metric"):
        score_subject(Subject("empty", {"latents": None}))


def test_unknown_settings_and_settings_of_others_are_refused(registered: None, subject: Subject) -> None:
    with pytest.raises(UnknownNameError, match="scale"):
        score_subject(subject, ["one"], settings={"one": {"scael": 1}})
    with pytest.raises(MetricError, match="not evaluated"):
        score_subject(subject, ["two"], settings={"one": {"scale": 1}})


def test_parts_are_made_once_and_only_when_asked_for() -> None:
    made = []
    parts = Parts({"a": lambda: made.append("a") or 1, "b": lambda: made.append("b")})
    assert "b" in parts
    assert (parts["a"], parts["a"], len(parts)) == (1, 1, 2)
    assert made == ["a"]


def test_making_a_part_counts_for_no_metric(registered: None, subject: Subject) -> None:
    def slowly() -> Any:
        time.sleep(0.3)
        return subject.parts["codes"]

    slow = replace(subject, parts=Parts({"codes": slowly}))
    assert score_subject(slow, ["one"]).scores["one"].seconds < 0.3


def test_a_mask_is_drawn_where_there_is_none_and_names_the_rows() -> None:
    representation = Representation.of(np.zeros((300, 1)), np.arange(300) % 3)
    first, again = (subject_of_representation(representation, "mine") for _ in range(2))
    other = subject_of_representation(representation, "mine", seed=1)
    assert first.parts["train"].sum() == 200
    assert first.samples == again.samples
    assert first.samples != other.samples


def test_scores_of_the_same_model_are_kept_beside_new_ones(registered: None, subject: Subject, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", find_recipe("infogan-digits"), {"seed": 0})

    def kept(model: str, *names: str) -> Results:
        of_model = Subject("run", subject.parts, {"model_sha256": model}, subject.samples)
        return keep_results(run, of_model, score_subject(of_model, names))

    kept("a", "two")
    assert list(kept("a", "one").scores) == ["one", "two.first", "two.second"]
    assert set(Results.of_run(run).samples) == {"one", "two.first"}
    assert list(kept("b", "one").scores) == ["one"]


def test_damaged_results_do_not_keep_a_run_from_being_evaluated_again(
    registered: None, subject: Subject, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = Run.create(tmp_path / "run", find_recipe("infogan-digits"), {"seed": 0})
    run.results_file.write_text("{")
    assert list(keep_results(run, subject, score_subject(subject, ["one"])).scores) == ["one"]
    assert Results.load(run.results_file).scores["one"].value == 0.25
    assert "earlier scores of this run could not be read and are replaced" in caplog.text
    assert f"{run.results_file} is damaged" in caplog.text


def test_results_of_a_newer_schema_are_never_replaced(registered: None, subject: Subject, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", find_recipe("infogan-digits"), {"seed": 0})
    newer = '{"schema_version": 99}'
    run.results_file.write_text(newer)
    with pytest.raises(NewerSchemaError, match="schema 99"):
        keep_results(run, subject, score_subject(subject, ["one"]))
    assert run.results_file.read_text() == newer


@metric("lengthy", version=1, bounds=(0, 1), better="higher", source="this test", slow=True)
def lengthy(codes: Codes, factors: Factors) -> Scores:
    """Slow."""
    return Score(float((np.asarray(codes)[:, 0] > np.asarray(factors)[:, 0]).mean()))


class TestWhatIsAskedAndSaid:
    @pytest.fixture(autouse=True)
    def _registered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        functions = {"one": one, "lengthy": lengthy}
        monkeypatch.setattr(metrics.METRICS, "_targets", {name: f"{__name__}:{name}" for name in functions})
        monkeypatch.setattr(metrics.METRICS, "get", lambda name: functions[name])

    @pytest.fixture
    def of_run(self, subject: Subject) -> Subject:
        return Subject("run", subject.parts, {"kind": "run"}, subject.samples)

    def test_a_representation_is_asked_all_and_a_run_only_what_is_not_slow(
        self, subject: Subject, of_run: Subject
    ) -> None:
        assert list(score_subject(subject).scores) == ["one", "lengthy"]
        assert list(score_subject(of_run).scores) == ["one"]

    @pytest.mark.parametrize("named", [["all"], ["one", "all"], ["one", "lengthy"]])
    def test_all_and_the_named_ones_are_asked_of_a_run(self, of_run: Subject, named: list[str]) -> None:
        assert list(score_subject(of_run, named).scores) == ["one", "lengthy"]

    def test_each_turn_is_told_and_what_is_slow(self, subject: Subject) -> None:
        told: list[str] = []
        score_subject(subject, on_progress=told.append)
        assert told == ["Scoring one", "Scoring lengthy, which is slow"]

    def test_resamples_and_levels_are_as_wanted(self, subject: Subject) -> None:
        without = score_subject(subject, ["lengthy"], levels=False).scores["lengthy"]
        assert (without.low, without.chance, without.details) == (None, None, {})
        entry = score_subject(subject, ["lengthy"], bootstrap=20).scores["lengthy"]
        assert entry.chance is not None
        assert entry.details["bootstrap"]
        assert score_subject(subject, ["lengthy"], bootstrap=20).scores["lengthy"].high == entry.high
        assert "bootstrap" not in entry.settings

    def test_too_few_resamples_are_refused_before_anything_is_scored(self, subject: Subject) -> None:
        told: list[str] = []
        with pytest.raises(SettingError, match="20 or more"):
            score_subject(subject, bootstrap=3, on_progress=told.append)
        assert told == []
