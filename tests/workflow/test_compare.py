"""Runs and files of scores as subjects of a comparison."""

from pathlib import Path

import numpy as np
import pytest

import disentangle_bench as db
from disentangle_bench.errors import DbenchError, RunError
from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.evaluation.samples import Samples, save_samples
from disentangle_bench.evaluation.score import EvaluationInterrupted
from disentangle_bench.recipe import LatentSettings, NetworkSettings, Recipe
from disentangle_bench.run import Run


def evaluated_run(path: Path, seed: int, accuracy: float, *, status: str = "ok") -> Run:
    recipe = Recipe(
        name="tiny",
        model="infogan",
        dataset="digits",
        latents=LatentSettings(noise=1, codes=({"kind": "categorical", "k": 10},)),
        networks=NetworkSettings(name="digits"),
    )
    run = Run.create(path, recipe, {"seed": seed, "status": status})
    run.model_file.touch()
    entry = ScoreEntry(metric="accuracy", value=accuracy)
    Results(subject={"name": f"tiny seed {seed}", "status": status}, scores={"accuracy": entry}).save(run.results_file)
    save_samples(run.samples_file, {"accuracy": Samples(np.full(4, accuracy), "images")})
    return run


@pytest.fixture
def base(tmp_path):
    for seed in range(3):
        evaluated_run(tmp_path / "base" / f"seed-{seed}", seed, 0.1 + seed / 100)
    return tmp_path / "base"


def test_two_runs_are_paired_by_sample(base):
    [row] = db.compare(base / "seed-0", base / "seed-1").rows
    assert row.differences[0].method == "all pairs are equal" or row.differences[0].value == pytest.approx(0.01)


def test_a_folder_of_seeds_in_their_order(base, tmp_path):
    for seed in (10, 2, 0):
        evaluated_run(tmp_path / "ours" / f"seed-{seed}", seed, seed / 10)
    side = db.compare(base, tmp_path / "ours").subjects[1]
    assert (side.name, side.seeds) == ("tiny", [0, 2, 10]) or side.seeds == [0, 2, 10]


def test_a_results_file(base):
    comparison = db.compare(base / "seed-0", base / "seed-1" / "results.json")
    assert comparison.rows[0].values[1].value == pytest.approx(0.11)


def test_a_run_without_a_model_is_counted(base, tmp_path):
    for seed in range(3):
        evaluated_run(tmp_path / "ours" / f"seed-{seed}", seed, 0.5)
    failed = Run(tmp_path / "ours" / "seed-1")
    failed.model_file.unlink()
    failed.note(status="collapsed: D's loss is not finite")
    comparison = db.compare(base, tmp_path / "ours")
    assert comparison.subjects[1].statuses[1] == "collapsed: D's loss is not finite"
    value = comparison.rows[0].values[1]
    assert (value.runs, value.value) == ([0.5, None, 0.5], 0.5)
    assert value.reason == "seed 1: collapsed: D's loss is not finite"


def test_by_itself_it_is_refused(base):
    run = Run(base / "seed-1")
    run.model_file.unlink()
    run.note(status="interrupted")
    with pytest.raises(RunError, match="half-written"):
        db.compare(base / "seed-0", run)


def test_a_run_that_has_lost_its_model(base):
    (base / "seed-0" / "model.safetensors").unlink()
    with pytest.raises(RunError, match=r"model\.safetensors is missing(.|\n)*--resume"):
        db.compare(base, base / "seed-1")


def test_scores_that_are_not_there(base):
    with pytest.raises(RunError, match=r"no results in nowhere.json(.|\n)*--out nowhere.json"):
        db.compare(base, "nowhere.json")


def test_an_interruption_says_what_is_kept(base, tmp_path, monkeypatch):
    def interrupted(*_: object, **__: object) -> Results:
        raise EvaluationInterrupted("", Results(subject={}, scores={}))

    monkeypatch.setattr("disentangle_bench.workflow.evaluate.evaluate", interrupted)
    with pytest.raises(KeyboardInterrupt, match="those of files only by `dbench eval FILE --out"):
        db.compare(base, tmp_path / "codes.npz")


def test_all_metrics_are_those_of_evaluate(tmp_path, monkeypatch):
    asked = []

    def recorded(path: Path, metrics: object, **_: object) -> Results:
        asked.append(metrics)
        return Results(subject={"name": path.name}, scores={"mig": ScoreEntry(metric="mig", value=0.5)})

    monkeypatch.setattr("disentangle_bench.workflow.evaluate.evaluate", recorded)
    files = [tmp_path / "a.npz", tmp_path / "b.npz"]
    for file in files:
        file.touch()
    [row] = db.compare(*files, metrics=["all"]).rows
    assert asked == [["all"]] * 2
    assert row.tested


def test_neither_run_nor_file(tmp_path):
    with pytest.raises(RunError, match="not a run folder"):
        db.compare(tmp_path, tmp_path)


def test_a_missing_file_is_refused_before_the_others_are_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwanted(*_: object, **__: object) -> None:
        raise AssertionError("scored")

    monkeypatch.setattr("disentangle_bench.workflow.evaluate.score_subject", unwanted)
    codes = np.arange(40.0).reshape(20, 2)
    np.savez(tmp_path / "mine.npz", codes=codes, factors=codes.astype(int) % 3)
    with pytest.raises(DbenchError, match=r"nowhere\.npz"):
        db.compare(tmp_path / "mine.npz", tmp_path / "nowhere.npz")
