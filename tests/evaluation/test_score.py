"""Each metric is scored by itself: none shifts another's numbers, and one that fails loses no other's."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from disentangle_bench.errors import FaultyMetricError, MetricError, SettingError, StorageError, UnknownNameError
from disentangle_bench.evaluation.progress import Event, Noted, Planned, Scored, Started
from disentangle_bench.evaluation.representation_subject import subject_of_representation
from disentangle_bench.evaluation.results import Results
from disentangle_bench.evaluation.score import EvaluationInterrupted, UnkeptScoresError, score_subject
from disentangle_bench.evaluation.store import MemoryStore, merged
from disentangle_bench.evaluation.subject import Parts, Subject
from disentangle_bench.metrics import METRICS, Score, Scores, info_of, metric
from disentangle_bench.metrics.metric import Codes, Factors
from disentangle_bench.representation import Representation


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


Register = Callable[..., None]


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    """Make these the only metrics that there are."""

    def only(*functions: Any) -> None:
        by_name = {info_of(function).name: function for function in functions}
        monkeypatch.setattr(METRICS, "_targets", dict.fromkeys(by_name, "this:test"))
        monkeypatch.setattr(METRICS, "get", lambda name: by_name[name])

    return only


@pytest.fixture
def registered(register: Register) -> None:
    register(one, two, failing)


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
    entry = results.scores["failing"]
    assert (entry.value, entry.error) == (None, "MetricError")
    assert "c1" in entry.reason
    assert results.scores["one"].value == 0.25
    assert results.failed == ()


def test_a_named_metric_that_refuses_its_input_has_failed(registered: None, subject: Subject) -> None:
    assert score_subject(subject, ["one", "failing"]).failed == ("failing",)


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
    with pytest.raises(MetricError, match="No metric can be computed of empty"):
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


@metric("buggy", version=1, bounds=(0, 1), better="higher", source="this test")
def buggy(codes: Codes) -> Scores:
    """Has a mistake."""
    return {}["missing"]  # type: ignore[no-any-return]


@metric("silent", version=1, bounds=(0, 1), better="higher", source="this test")
def silent(codes: Codes) -> Scores:
    """Gives nothing."""
    return {}


@metric("torn", version=1, bounds=(0, 1), better="higher", source="this test")
def torn(codes: Codes) -> Scores:
    """Gives samples of something else."""
    return Score(0.5, samples=np.array([0.0, 0.0]))


@metric("beyond", version=1, bounds=(0, 1), better="higher", source="this test")
def beyond(codes: Codes) -> Scores:
    """Gives more than it declares."""
    return {"part": Score(1 + 2.0**-23), "other": Score(-0.5)}  # the first is 1, but for float32


class TestMistakesOfMetrics:
    @pytest.fixture(autouse=True)
    def _registered(self, register: Register) -> None:
        register(buggy, silent, torn, beyond, one)

    def test_become_reasons_and_the_others_go_on(self, subject: Subject) -> None:
        events: list[Event] = []
        results = score_subject(subject, on_progress=events.append)
        reason = results.scores["buggy"].reason
        assert reason.startswith("KeyError: 'missing' (in buggy, test_score.py line ")
        assert results.scores["buggy"].error == "KeyError"
        assert "returned no score" in results.scores["silent"].reason
        assert "samples of torn do not have the mean 0.5" in results.scores["torn"].reason
        assert "'beyond' returned -0.5, outside the bounds 0 to 1 for 'other'." in results.scores["beyond"].reason
        assert results.scores["one"].value == 0.25
        assert results.failed == ("buggy", "silent", "torn", "beyond")
        errors = [event.error for event in events if isinstance(event, Scored)]
        assert [type(error) for error in errors] == [KeyError, *[FaultyMetricError] * 3, type(None)]

    def test_in_codes_or_settings_are_kept_and_are_still_failures_of_named_metrics(
        self, subject: Subject, register: Register
    ) -> None:
        register(failing, one)
        store = MemoryStore()
        for again in (False, True):
            events: list[Event] = []
            results = score_subject(subject, ["failing", "one"], store=store, on_progress=events.append)
            assert results.failed == ("failing",)
            assert isinstance(events[0], Planned)
            assert (events[0].metrics == ()) == again
        assert score_subject(subject, store=store).failed == ()

    def test_are_computed_again_by_the_next_evaluation(self, subject: Subject, register: Register) -> None:
        store = MemoryStore()
        score_subject(subject, store=store)
        events: list[Event] = []
        score_subject(subject, store=store, on_progress=events.append)
        assert isinstance(events[0], Planned)
        assert (events[0].metrics, events[0].kept) == (("buggy", "silent", "torn", "beyond"), ("one",))

    def test_that_concern_given_settings_end_the_evaluation_before_anything_is_computed(
        self, subject: Subject, register: Register
    ) -> None:
        @metric("choosy", version=1, bounds=(0, 1), better="higher", source="this test")
        def choosy(codes: Codes, *, trees: int = 1) -> Scores:
            """Takes few settings."""
            raise MetricError(f"trees is {trees}.", "Give 1.")

        register(one, choosy)
        events: list[Event] = []
        with pytest.raises(MetricError, match="trees is 3"):
            score_subject(subject, settings={"choosy": {"trees": 3}}, on_progress=events.append)
        assert events[1:] == [Started("choosy")]


class TestWhatIsMissing:
    """Only what is missing in the store is computed."""

    @pytest.fixture(autouse=True)
    def _registered(self, register: Register) -> None:
        register(one, two)

    def computed(self, subject: Subject, store: MemoryStore, *names: str, **options: Any) -> list[str]:
        events: list[Event] = []
        score_subject(subject, names or None, store=store, on_progress=events.append, **options)
        return [event.metric for event in events if isinstance(event, Started)]

    def test_is_what_was_not_asked_before(self, subject: Subject) -> None:
        store = MemoryStore()
        assert self.computed(subject, store, "two") == ["two"]
        assert self.computed(subject, store) == ["one"]
        assert self.computed(subject, store) == []
        assert list(score_subject(subject, ["one"], store=store).scores) == ["one", "two.first", "two.second"]
        assert set(store.results.samples) == {"one", "two.first"}

    def test_is_everything_if_asked_again(self, subject: Subject) -> None:
        store = MemoryStore()
        self.computed(subject, store)
        assert self.computed(subject, store, again=True) == ["one", "two"]

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({"seed": 1}, ["one", "two"]),  # the seed of `one` is a setting, and `two` is resampled
            ({"bootstrap": 20}, ["two"]),
            ({"levels": False}, ["two"]),
            ({"settings": {"one": {"scale": 2.0}}}, ["one"]),
        ],
    )
    def test_is_what_was_computed_otherwise(
        self, subject: Subject, options: dict[str, Any], expected: list[str]
    ) -> None:
        store = MemoryStore()
        self.computed(subject, store)
        assert self.computed(subject, store, **options) == expected

    def test_is_what_another_version_gave(self, subject: Subject, register: Register) -> None:
        store = MemoryStore()
        self.computed(subject, store)
        renewed = metric("one", version=4, bounds=(0, 1), better="higher", source="this test")(copied(one))
        register(renewed, two)
        assert self.computed(subject, store) == ["one"]

    def test_is_looked_up_at_each_turn(self, subject: Subject) -> None:
        store = MemoryStore()

        def other_process(event: Event) -> None:
            if event == Started("one"):
                score_subject(subject, ["two"], store=store)

        events: list[Event] = []
        score_subject(subject, store=store, on_progress=lambda event: (events.append(event), other_process(event))[0])
        assert isinstance(events[0], Planned)
        assert (events[0].metrics, events[0].kept) == (("one", "two"), ())
        assert [event.metric for event in events if isinstance(event, Started)] == ["one"]


def copied(function: Any) -> Any:
    """The same function as another object, so that it can be declared anew."""
    return lambda codes, *, scale=1.0, seed=0: function(codes, scale=scale, seed=seed)


class TestInterruption:
    @pytest.mark.parametrize(
        ("place", "said"),
        [("kept.json", "kept in kept.json. The same command"), ("", "none is kept without --out FILE")],
    )
    def test_hands_over_what_is_done(self, subject: Subject, register: Register, place: str, said: str) -> None:
        @metric("endless", version=1, bounds=(0, 1), better="higher", source="this test")
        def endless(codes: Codes) -> Scores:
            """Is interrupted."""
            raise KeyboardInterrupt

        register(one, endless, two)
        with pytest.raises(EvaluationInterrupted, match=f"1 of 3 metrics are done.*{said}") as caught:
            score_subject(subject, store=MemoryStore(place=place))
        assert list(caught.value.results.scores) == ["one"]

    def test_before_anything_is_done_says_so(self, subject: Subject, register: Register) -> None:
        @metric("endless", version=1, bounds=(0, 1), better="higher", source="this test")
        def endless(codes: Codes) -> Scores:
            """Is interrupted."""
            raise KeyboardInterrupt

        register(endless, one)
        with pytest.raises(EvaluationInterrupted, match=r"^Interrupted before any of 2 metrics was done\.") as caught:
            score_subject(subject, store=MemoryStore(place="kept.json"))
        assert caught.value.results.scores == {}


class FullDisk(MemoryStore):
    """Has no space for some time."""

    refusals = 0
    waiting: Results | None = None

    def add(self, results: Results) -> None:
        self.waiting = results if self.waiting is None else merged(self.waiting, results)
        if self.refusals:
            self.refusals -= 1
            raise StorageError("No space left.", "Free some space.")
        super().add(self.waiting)
        self.waiting = None

    def read(self) -> Results | None:
        return self.results if self.waiting is None else self.waiting


class TestFullDisk:
    @pytest.fixture(autouse=True)
    def _registered(self, register: Register) -> None:
        register(one, two)

    def test_is_reported_and_passes(self, subject: Subject) -> None:
        store, events = FullDisk(), []
        store.refusals = 1
        assert list(score_subject(subject, store=store, on_progress=events.append).scores) == [
            "one", "two.first", "two.second",
        ]  # fmt: skip
        assert next(str(event) for event in events if isinstance(event, Noted)) == "one is not kept yet. No space left."

    def test_costs_no_score_that_was_computed(self, subject: Subject) -> None:
        store = FullDisk()
        store.refusals = 9
        with pytest.raises(UnkeptScoresError, match=r"Not every score is kept\. No space left") as caught:
            score_subject(subject, store=store)
        assert caught.value.exit_code == 1
        assert list(caught.value.results.scores) == ["one", "two.first", "two.second"]


@metric("lengthy", version=1, bounds=(0, 1), better="higher", source="this test", slow=True)
def lengthy(codes: Codes, factors: Factors) -> Scores:
    """Slow."""
    return Score(float((np.asarray(codes)[:, 0] > np.asarray(factors)[:, 0]).mean()))


class TestWhatIsAskedAndSaid:
    @pytest.fixture(autouse=True)
    def _registered(self, register: Register) -> None:
        register(one, lengthy)

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
        events: list[Event] = []
        score_subject(subject, bootstrap=0, levels=False, on_progress=events.append)
        assert [str(event) for event in events] == [
            "mine: 2 metrics to compute, about 1 s",
            "Scoring one",
            "one: 0.25",
            "Scoring lengthy, which is slow",
            "lengthy: 0.5",
        ]

    def test_resamples_and_levels_are_as_wanted(self, subject: Subject) -> None:
        without = score_subject(subject, ["lengthy"], levels=False).scores["lengthy"]
        assert (without.low, without.chance) == (None, None)
        assert "give the number of resamples" in without.details["interval"]["reason"]
        entry = score_subject(subject, ["lengthy"], bootstrap=20).scores["lengthy"]
        assert "levels" in entry.details
        assert entry.details["interval"]
        assert score_subject(subject, ["lengthy"], bootstrap=20).scores["lengthy"].high == entry.high
        assert "bootstrap" not in entry.settings

    def test_too_few_resamples_are_refused_before_anything_is_scored(self, subject: Subject) -> None:
        events: list[Event] = []
        with pytest.raises(SettingError, match="20 or more"):
            score_subject(subject, bootstrap=3, on_progress=events.append)
        assert events == []


def test_what_so_many_codes_make_long_is_left_out_unless_it_is_asked_for(register: Register, monkeypatch) -> None:
    register(one, two)
    monkeypatch.setattr("disentangle_bench.evaluation.score.too_wide", lambda steps, subject, context: {"two": 900.0})
    wide = subject_of_representation(Representation.of(np.full((6, 1), 0.25), np.arange(6) % 2), "mine")
    said: list[str] = []
    assert list(score_subject(wide, on_progress=lambda event: said.append(str(event))).by_metric()) == ["one"]
    asked = "--metrics two computes them, sooner with --bootstrap 0 --no-levels"
    assert said[0].endswith(f"would take long: two (15 min). {asked}.")
    assert list(score_subject(wide, ["two"]).by_metric()) == ["two"]
    assert list(score_subject(wide, "all").by_metric()) == ["one", "two"]
