"""Scores are kept metric by metric: none is lost, and those of different subjects are never mixed."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from disentangle_bench.errors import NewerSchemaError, RunError, SettingError, StorageError
from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.evaluation.samples import Replicates, Samples, load_samples, save_samples
from disentangle_bench.evaluation.store import FileStore, blank_results, merged
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.run import Run
from disentangle_bench.storage import atomic, space


def subject(**info: Any) -> Subject:
    return Subject("mine", {}, {"samples": 4, "data_sha256": "d", "model_sha256": "m", **info})


def results(of: Subject | None = None, *, samples: bool = False, **values: float) -> Results:
    """Results with one score for each metric."""
    made = blank_results(of or subject())
    for metric, value in values.items():
        made.scores[metric] = ScoreEntry(metric=metric, value=value)
        if samples:
            made.samples[metric] = Samples(np.full(4, value), "rows")
    return made


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run", find_recipe("infogan-digits"), {"seed": 0})


def of_run(run: Run, **info: Any) -> FileStore:
    return FileStore.of_run(run, subject(**info))


def values(found: Results | None) -> dict[str, float | None]:
    assert found is not None
    return {name: entry.value for name, entry in found.scores.items()}


def test_what_two_stores_add_is_kept_side_by_side(run: Run) -> None:
    first, second = of_run(run), of_run(run)
    assert first.read() is None
    first.add(results(sap=0.1, samples=True))
    second.add(results(mig=0.2, samples=True))
    first.add(results(sap=0.3))
    assert values(second.read()) == {"mig": 0.2, "sap": 0.3}  # in the order in which metrics are listed
    assert values(Results.of_run(run)) == {"mig": 0.2, "sap": 0.3}
    assert set(load_samples(run.samples_file)) == {"mig"}


def test_all_scores_of_a_metric_are_replaced_at_once() -> None:
    before = results(mig=0.1)
    before.scores["mig.c1"] = ScoreEntry(metric="mig", component="c1", value=0.4)
    before.samples["mig.c1"] = Samples(np.full(4, 0.4), "")
    joined = merged(before, results(mig=0.5))
    assert values(joined) == {"mig": 0.5}
    assert joined.samples == {}


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ({"model_sha256": "other"}, "scores of another model"),
        ({"samples": 3, "data_sha256": "e"}, "scores of 4 samples, not of 3"),
        ({"data_sha256": "e"}, "scores of other data"),
    ],
)
def test_scores_of_another_subject_are_refused_or_replaced_and_never_mixed(
    run: Run, info: dict[str, Any], said: str
) -> None:
    of_run(run).add(results(mig=0.1, samples=True))
    other = of_run(run, **info)
    with pytest.raises(RunError, match=rf"results\.json holds {said}\.\n--again replaces them; --out FILE"):
        other.check()
    other.check(again=True)
    assert other.read() is None
    other.add(results(subject(**info), sap=0.2))
    assert values(of_run(run, **info).read()) == {"sap": 0.2}
    assert load_samples(run.samples_file) == {}


def test_scores_of_an_earlier_schema_are_of_the_same_subject_as_far_as_they_tell(run: Run) -> None:
    before = results(mig=0.1)
    del before.subject["data_sha256"]
    before.save(run.results_file)
    of_run(run).check()
    of_run(run).add(results(sap=0.2))
    assert values(of_run(run).read()) == {"mig": 0.1, "sap": 0.2}


def test_damaged_scores_of_a_run_are_reported_once_and_replaced(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    run.results_file.write_text("{")
    store = of_run(run)
    store.check()
    store.add(results(mig=0.1))
    assert values(of_run(run).read()) == {"mig": 0.1}
    assert caplog.text.count("could not be read and are replaced") == 1
    assert f"{run.results_file} is damaged" in caplog.text


def test_damaged_samples_cost_no_score(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    of_run(run).add(results(mig=0.1, samples=True))
    run.samples_file.write_bytes(b"damaged")
    of_run(run).add(results(sap=0.2, samples=True))
    assert values(of_run(run).read()) == {"mig": 0.1, "sap": 0.2}
    assert set(load_samples(run.samples_file)) == {"sap"}
    assert "cannot be compared sample by sample until --again" in caplog.text


def test_a_score_whose_samples_are_of_another_evaluation_is_missing(run: Run) -> None:
    """As after a kill between the two files."""
    of_run(run).add(results(mig=0.1, sap=0.2, samples=True))
    save_samples(run.samples_file, results(mig=0.9, sap=0.2, samples=True).samples)
    assert values(of_run(run).read()) == {"sap": 0.2}
    of_run(run).add(results(mig=0.9, samples=True))
    assert values(Results.of_run(run)) == {"mig": 0.9, "sap": 0.2}


def test_what_killed_processes_left_is_removed(run: Run) -> None:
    leftovers = [run.path / ".results.json.00ff.tmp.json", run.path / ".samples.h5.00ff.tmp.h5"]
    for file in leftovers:
        file.write_text("half")
    of_run(run).add(results(mig=0.1, samples=True))
    assert not any(file.exists() for file in leftovers)


def test_results_of_a_newer_schema_are_never_replaced(run: Run) -> None:
    newer = '{"schema_version": 99}'
    run.results_file.write_text(newer)
    with pytest.raises(NewerSchemaError, match="schema 99"):
        of_run(run).check(again=True)
    with pytest.raises(NewerSchemaError, match="schema 99"):
        of_run(run).add(results(mig=0.1))
    assert run.results_file.read_text() == newer


def test_what_a_full_disk_refused_is_kept_with_the_next_scores(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    store = of_run(run)
    store.add(results(mig=0.1, samples=True))
    before = run.results_file.read_bytes()

    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "flush_to_disk", full)
        with pytest.raises(StorageError, match="No space left"):
            store.add(results(sap=0.2))
        assert run.results_file.read_bytes() == before
        assert values(store.read()) == {"mig": 0.1, "sap": 0.2}
    store.add(results(dci=0.3))
    assert values(of_run(run).read()) == {"mig": 0.1, "sap": 0.2, "dci": 0.3}


class TestOfFile:
    def test_is_read_again(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "scores.json"
        store = FileStore.of_file(path, subject())
        store.check()
        store.add(results(mig=0.1))
        assert values(FileStore.of_file(path, subject()).read()) == {"mig": 0.1}
        assert store.place == str(path)
        assert {file.name for file in path.parent.iterdir()} == {".scores.json.lock", "scores.json"}

    def test_has_to_be_json(self, tmp_path: Path) -> None:
        with pytest.raises(SettingError, match=r"codes\.npz: they are JSON\.\nGive --out a name ending in \.json"):
            FileStore.of_file(tmp_path / "codes.npz", subject())

    @pytest.mark.parametrize("content", ["", "{", json.dumps({"name": "package"}), "[1, 2]"])
    def test_that_holds_something_else_is_never_replaced(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "package.json"
        path.write_text(content)
        with pytest.raises(RunError, match=r"package\.json"):
            FileStore.of_file(path, subject()).check(again=True)
        assert path.read_text() == content


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_where_nothing_can_be_written_nothing_is_computed(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(**_named: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(space.tempfile, "TemporaryFile", refuse)
    with pytest.raises(StorageError, match=f"Could not write {run.results_file}: {os.strerror(number)}"):
        of_run(run).check()


def test_scores_that_have_lost_their_samples_are_named(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """Or a comparison would change its method without a word."""
    of_run(run).add(results(mig=0.2, samples=True))
    of_run(run).add(results(sap=0.1))
    assert [entry.sampled for entry in Results.of_run(run).scores.values()] == [True, False]
    assert caplog.messages == []
    run.samples_file.unlink()
    of_run(run).add(results(dci=0.3))
    assert Results.of_run(run).samples == {}
    (said,) = caplog.messages
    assert said == (
        f"{run.samples_file} has no samples of mig, which are compared by their intervals instead; "
        f"`dbench eval {run.path} --again` computes them again."
    )


def test_a_file_of_scores_keeps_samples_and_resamples_with_them(tmp_path: Path) -> None:
    store = FileStore.of_file(tmp_path / "mine.json", subject())
    made = results(mig=0.2, samples=True)
    made.replicates["mig"] = Replicates(np.array([0.1, 0.3]), "2 resamples", "rows")
    store.add(made)
    store.add(results(sap=0.3))
    found = Results.load(tmp_path / "mine.json")
    assert found.scores["mig"].sampled
    assert found.samples["mig"].values.tolist() == [0.2] * 4
    assert found.replicates["mig"].values.tolist() == [0.1, 0.3]
    assert not found.scores["sap"].sampled
    store.add(results(mig=0.4))  # computed again, without any
    assert not Results.load(tmp_path / "mine.json").samples
    assert not Results.load(tmp_path / "mine.json").replicates


def test_a_run_keeps_resamples_with_its_scores_and_samples_apart(run: Run) -> None:
    made = results(mig=0.2, samples=True)
    made.replicates["mig"] = Replicates(np.array([0.1, 0.3]), "2 resamples", "rows")
    of_run(run).add(made)
    assert "samples" not in json.loads(run.results_file.read_text())
    assert Results.of_run(run).replicates["mig"].values.tolist() == [0.1, 0.3]
    assert of_run(run).read().replicates["mig"].drawn == "2 resamples"
