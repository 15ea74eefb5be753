"""Results as JSON, and what is said of files that are not what they should be."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from disentangle_bench.errors import RunError, StorageError
from disentangle_bench.evaluation.results import Results, ScoreEntry, entry_from_score
from disentangle_bench.evaluation.samples import Samples, save_samples
from disentangle_bench.metrics.metric import MetricInfo, Score, of_code
from disentangle_bench.recipe import LatentSettings, NetworkSettings, Recipe
from disentangle_bench.run import Run

INFO = MetricInfo("accuracy", 3, (0, 1), "higher", "", "nats", ("codes",), (), {"bins": 20}, "")
CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
NAMES = st.text(CHARACTERS, min_size=1, max_size=30).filter(lambda name: name != ".")
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def make_results(**scores: float) -> Results:
    entries = {name: ScoreEntry(metric=name, value=value) for name, value in scores.items()}
    return Results(subject={"name": "a run"}, scores=entries, provenance={"python": "3"})


def make_run(path: Path, seed: int = 7) -> Run:
    recipe = Recipe(
        name="tiny",
        model="infogan",
        dataset="digits",
        latents=LatentSettings(noise=1, codes=({"kind": "categorical", "k": 10},)),
        networks=NetworkSettings(name="digits"),
    )
    run = Run.create(path, recipe, {"seed": seed, "status": "ok"})
    run.model_file.touch()
    return run


def test_printed_they_are_one_short_line():
    results = make_results(**{"mig": 0.12345, "c1-accuracy.accuracy": 0.5})
    results.scores["c1-accuracy.error"] = ScoreEntry(metric="c1-accuracy.accuracy", component="error", value=0.5)
    assert str(results) == repr(results) == "<Results of a run, 3 in all: mig 0.123, c1-accuracy.accuracy 0.5>"
    many = make_results(**{f"metric-{number}": number for number in range(200)})
    assert len(str(many)) < 120
    assert str(many).endswith("metric-3 3, ...>")
    undefined = Results(subject={}, scores={"mig": ScoreEntry(metric="x", value=None, reason="why", unit="nats")})
    assert "mig undefined" in str(undefined)


class TestJson:
    def test_is_the_contract(self, tmp_path):
        results = make_results(b=0.25, a=1)
        results.samples["b"] = Samples(np.full(3, 0.25), "images")
        results.save(tmp_path / "results.json", samples=False)  # as of a run, which has a file for them
        values = json.loads((tmp_path / "results.json").read_text())
        assert list(values) == ["schema_version", "subject", "scores", "provenance"]
        assert values["schema_version"] == 2
        assert list(values["scores"]) == ["b", "a"]  # the headline first, not sorted
        assert values["scores"]["b"] == {
            "metric": "b", "component": "", "code": None, "value": 0.25, "low": None, "high": None, "chance": None,
            "ceiling": None, "version": 1, "settings": {}, "seconds": None, "reason": "", "unit": "",
            "better": "higher", "bounds": [None, None], "details": {}, "options": {}, "error": "", "arbitrary": [],
            "sampled": False,
        }  # fmt: skip

    @settings(max_examples=20, deadline=None)
    @given(st.dictionaries(NAMES, st.tuples(NUMBERS, st.none() | NUMBERS), max_size=5))
    def test_round_trip(self, tmp_path_factory, scores):
        path = tmp_path_factory.mktemp("results") / "results.json"
        entries = {
            name: ScoreEntry(metric="x", value=value, low=low, bounds=(low, None))
            for name, (value, low) in scores.items()
        }
        results = Results(subject={"name": "x", "seed": 0}, scores=entries)
        results.save(path)
        assert Results.load(path) == results
        assert list(Results.load(path).scores) == list(scores)

    def test_nan_is_refused(self):
        with pytest.raises(ValidationError, match="finite"):
            ScoreEntry(metric="x", value=float("nan"))
        with pytest.raises(ValidationError, match="finite"):
            ScoreEntry(metric="x", value=1, high=float("inf"))

    def test_null_needs_a_reason(self):
        with pytest.raises(ValidationError, match="reason"):
            ScoreEntry(metric="x", value=None)
        assert ScoreEntry(metric="x", value=None, reason="no labels").value is None

    def test_a_failed_save_leaves_nothing_behind(self, tmp_path):
        (tmp_path / "results.json").mkdir()
        with pytest.raises(StorageError, match=r"Could not write .*results\.json"):
            make_results(a=1).save(tmp_path / "results.json")
        assert [file.name for file in tmp_path.iterdir()] == ["results.json"]

    def test_nan_elsewhere_becomes_null(self, tmp_path):
        results = make_results(a=1)
        results.provenance["loss"] = float("nan")
        results.save(tmp_path / "results.json")
        assert json.loads((tmp_path / "results.json").read_text())["provenance"]["loss"] is None

    def test_saving_below_a_file_says_so(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(StorageError, match="file"):
            make_results(a=1).save(tmp_path / "file" / "results.json")


class TestLoad:
    def test_missing_names_the_command(self, tmp_path):
        with pytest.raises(RunError, match=r"dbench eval .*run"):
            Results.load(tmp_path / "run" / "results.json")

    def test_newer_schema(self, tmp_path):
        path = tmp_path / "results.json"
        path.write_text('{"schema_version": 99, "something": "else"}')
        with pytest.raises(RunError, match=r"schema 99; this version reads up to 2[\s\S]*Upgrade"):
            Results.load(path)

    def test_older_and_richer_files_load(self, tmp_path):
        path = tmp_path / "results.json"
        path.write_text('{"subject": {"name": "old"}, "scores": {"mig": {"value": 0.5, "color": "red"}}, "more": 1}')
        assert Results.load(path).scores["mig"].value == 0.5

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("", "Expecting value"),
            ('{"subject": {"name": "x"}, "scor', "Unterminated"),
            ("[1, 2]", "the whole"),
            ('{"subject": {}, "scores": {"a": {"value": "high"}}}', r"scores\.a\.value"),
            ('{"subject": {}, "scores": {"a": {"value": NaN}}}', r"scores\.a\.value"),
            ('{"subject": {}, "scores": {"a": {"value": null}}}', "reason"),
            ('{"scores": {}}', "subject"),
            ("\udcff", "utf-8"),
        ],
    )
    def test_damage_names_the_file_the_place_and_the_remedy(self, tmp_path, text, place):
        path = tmp_path / "results.json"
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
        with pytest.raises(RunError, match=rf"results\.json is damaged: .*{place}[\s\S]*dbench eval"):
            Results.load(path)


class TestOfRun:
    def test_brings_the_samples_and_the_seed(self, tmp_path):
        run = make_run(tmp_path / "run")
        make_results(accuracy=0.5, error=0.5).save(run.results_file)
        save_samples(run.samples_file, {
            "accuracy": Samples(np.array([1.0, 0.0]), "test images"), "gone": Samples(np.ones(2), ""),
        })  # fmt: skip
        results = Results.of_run(run)
        assert list(results.samples) == ["accuracy"]  # and none of scores that are not there
        assert results.subject["seed"] == 7

    def test_samples_that_an_earlier_version_kept_in_the_representation(self, tmp_path):
        run = make_run(tmp_path / "run")
        make_results(accuracy=0.5).save(run.results_file)
        save_samples(run.representation_file, {"accuracy": Samples(np.array([1.0, 0.0]), "test images")})
        assert list(Results.of_run(run).samples) == ["accuracy"]
        save_samples(run.samples_file, {})
        assert list(Results.of_run(run).samples) == []

    def test_without_a_file_of_samples_there_are_none(self, tmp_path):
        run = make_run(tmp_path / "run")
        make_results(accuracy=0.5).save(run.results_file)
        assert Results.of_run(run).samples == {}

    def test_samples_of_another_evaluation_are_not_taken_for_this_one(self, tmp_path):
        run = make_run(tmp_path / "run")
        make_results(accuracy=0.75).save(run.results_file)
        save_samples(run.samples_file, {"accuracy": Samples(np.array([1.0, 0.0]), "test images")})
        with pytest.raises(RunError, match=r"accuracy = 0\.75, but its samples[\s\S]*dbench eval"):
            Results.of_run(run)


class TestEntryFromScore:
    def test_carries_everything(self):
        score = Score(0.5, 0.4, 0.6, chance=0.1, ceiling=1.0, unit="nats", details={"n": 3})
        entry = entry_from_score("error", score, INFO, {"bins": 10}, 1.5)
        assert entry == ScoreEntry(
            metric="accuracy", component="error",
            value=0.5, low=0.4, high=0.6, chance=0.1, ceiling=1.0, version=3, settings={"bins": 10}, seconds=1.5,
            unit="nats", better="higher", bounds=(0, 1), details={"n": 3},
        )  # fmt: skip

    def test_a_score_may_have_its_own_direction_and_bounds(self):
        entry = entry_from_score("", Score(0.5, better="lower", bounds=(None, 2)), INFO, {})
        assert (entry.better, entry.bounds, entry.unit) == ("lower", (None, 2), "")

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float64("nan")])
    def test_what_is_no_number_becomes_null_with_a_reason(self, value):
        entry = entry_from_score("", Score(value, low=value, chance=0.1), INFO, {})
        assert (entry.value, entry.low, entry.chance) == (None, None, 0.1)
        assert entry.reason == f"the metric accuracy gave {value}"

    def test_a_score_of_one_code_names_it(self):
        scores = of_code("c1", {"": Score(2.0), "share": Score(0.9)})
        assert list(scores) == ["c1", "c1.share"]
        entries = [entry_from_score(part, score, INFO, {}) for part, score in scores.items()]
        assert [(entry.code, entry.component, entry.part) for entry in entries] == [
            ("c1", "", "c1"), ("c1", "share", "c1.share"),
        ]  # fmt: skip

    def test_an_undefined_score_keeps_its_reason_and_the_unit_of_its_metric(self):
        entry = entry_from_score("", Score.undefined("no labels"), INFO, {})
        assert (entry.value, entry.reason, entry.unit) == (None, "no labels", "nats")

    def test_details_and_settings_become_json(self, tmp_path):
        details = {"confusion": np.array([[1, 2]]), 3: np.float32(0.5), "nan": [float("nan")], "path": Path("x")}
        score = Score(np.float64(0.5), details=details)
        entry = entry_from_score("", score, INFO, {"codes": ("c1", "c2"), "rng": np.int64(3)})
        Results(subject={"name": "x"}, scores={"a": entry}).save(tmp_path / "results.json")
        assert entry.details == {"confusion": [[1, 2]], "3": 0.5, "nan": [None], "path": "x"}
        assert entry.settings == {"codes": ["c1", "c2"], "rng": 3}
