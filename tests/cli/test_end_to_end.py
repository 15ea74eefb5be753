"""The whole way through with the installed `dbench`: train, evaluate, compare, look."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

import disentangle_bench as db
from disentangle_bench.metrics import METRICS, info_of

pytestmark = pytest.mark.slow

SMALL = (
    "c1-accuracy.bootstrap=50",
    "mutual-information.samples=500",
    "mutual-information/fresh.samples=500",
    "mutual-information/fresh.train_samples=500",
    "mutual-information/fresh.validation_samples=100",
    "mutual-information/nonparametric.samples=500",
    "mutual-information/nonparametric.bootstrap=50",
    "traversal-consistency.draws=8",
    "traversal-consistency.bootstrap=50",
    "image-measures.samples=100",
    "image-measures.bootstrap=50",
)
PARTS = {
    "codes",
    "factors",
    "train",
    "images",
    "generator",
    "posterior",
    "posterior_parameters",
    "latents",
    "classifier",
}
FACTS = [info_of(METRICS.get(name)) for name in METRICS]
ASKED_OF_A_RUN = [info.name for info in FACTS if {*info.needs} <= PARTS and info.default and not info.slow]
FIGURES = {"traversal-c1", "traversal-c2", "traversal-c3", "information", "confusion", "measures"}


def settings(*pairs: str) -> list[str]:
    return [word for pair in pairs for word in ("--set", pair)]


def test_train_evaluate_compare_and_look(real_dbench):
    models, runs = ("infogan", "gan-with-q"), []
    for model in models:
        words = ("train", model, "--dataset", "digits", "--steps", 30, "--device", "cpu")
        outcome = real_dbench(*words, *settings("networks.width=0.25", "batch_size=32"))
        assert outcome.code == 0, outcome.err
        assert outcome.out == f"runs/{model}-digits/seed-0\n"
        assert "30 steps" in outcome.err
        runs.append(Path(outcome.out.strip()))
        evaluated = real_dbench("eval", runs[-1], "--format", "json", "--device", "cpu", *settings(*SMALL))
        assert evaluated.code == 0, evaluated.err
        check_evaluation(runs[-1], evaluated)
    check_comparison(real_dbench, runs)
    shown = real_dbench("show", runs[0]).out
    assert "30 of 30" in shown
    assert "networks.width" in shown
    assert "results.json" in shown
    assert "traversal-consistency.overall" in shown
    again = real_dbench("train", "infogan-digits", "--out", runs[0], "--resume", "--steps", 29)
    assert again.code == 2
    assert "steps was 30, now 29" in again.err


def test_codes_without_categories_are_evaluated_and_drawn(real_dbench):
    codes = 'latents.codes=[{kind = "uniform"}, {kind = "uniform"}]'
    sprites = (
        "dataset.size=8",
        "dataset.orientations=4",
        "dataset.positions=4",
        "networks.name=digits",
        "networks.width=0.25",
    )
    words = ("train", "infogan", "--dataset", "sprites", "--steps", 10, "--device", "cpu")
    outcome = real_dbench(*words, *settings(codes, *sprites, "batch_size=32"))
    assert outcome.code == 0, outcome.err
    run = Path(outcome.out.strip())
    metrics = "c1-accuracy,mig,sap/regression,factor-vae-score,variation-predictability"
    evaluated = real_dbench("eval", run, "--metrics", metrics, "--bootstrap", 0, "--format", "json", "--device", "cpu")
    assert evaluated.code == 0, evaluated.err
    scores = json.loads(evaluated.out)["scores"]
    assert "no code is categorical" in scores["c1-accuracy.accuracy"]["reason"]
    assert scores["mig"]["value"] is not None
    drawn = {path.name for path in (run / "figures").iterdir()}
    assert {"traversal-c1.png", "traversal-c2.pdf", "information.pdf"} <= drawn


def check_evaluation(run: Path, evaluated) -> None:
    turns = [line for line in evaluated.err.splitlines() if line.startswith("Scoring")]
    assert sorted(turns) == sorted(f"Scoring {name}" for name in ASKED_OF_A_RUN)
    printed = json.loads(evaluated.out)
    kept = json.loads((run / "results.json").read_text())
    assert printed == {key: value for key, value in kept.items() if key not in ("samples", "replicates")}
    assert {name.partition(".")[0] for name in printed["scores"]} == set(ASKED_OF_A_RUN)
    for name, score in printed["scores"].items():
        assert score["value"] is not None or score["reason"], name
    drawn = {path.name for path in (run / "figures").iterdir()}
    assert {f"{name}.{form}" for name in FIGURES for form in ("png", "pdf")} <= drawn
    assert len(db.Representation.load(run / "representation.h5").codes) == 1797
    again = db.evaluate(run / "representation.h5", ["mig", "modularity"], bootstrap=0, levels=False).scores
    assert {name: score.value for name, score in again.items()} == {
        name: printed["scores"][name]["value"] for name in again
    }


def check_comparison(real_dbench, runs: list[Path]) -> None:
    table = real_dbench("compare", *runs, "--figures", "figures")
    assert table.code == 0, table.err
    assert "c1-accuracy" in table.out
    assert {path.name for path in Path("figures").iterdir()} == {"information.png", "information.pdf"}
    rows = list(csv.DictReader(io.StringIO(real_dbench("compare", *runs, "--format", "csv").out)))
    scores = [json.loads((run / "results.json").read_text())["scores"] for run in runs]
    by_name = {row["score"]: row for row in rows}
    assert set(by_name) == set(scores[0]) | set(scores[1])
    row = by_name["c1-accuracy.accuracy"]
    difference = float(row["gan-with-q-digits seed 0: difference"])
    expected = scores[1]["c1-accuracy.accuracy"]["value"] - scores[0]["c1-accuracy.accuracy"]["value"]
    assert difference == pytest.approx(expected)


def test_scores_of_a_file_are_printed_in_every_form(real_dbench):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, size=400)
    np.savez("mine.npz", codes=(labels * 2) % 5, factors=labels)
    printed = json.loads(real_dbench("eval", "mine.npz", "--format", "json").out)
    assert printed["scores"]["c1-accuracy.accuracy"]["value"] == 1
    rows = list(csv.DictReader(io.StringIO(real_dbench("eval", "mine.npz", "--format", "csv").out)))
    assert [row["score"] for row in rows] == list(printed["scores"])
    assert "| c1-accuracy.accuracy |" in real_dbench("eval", "mine.npz", "--format", "markdown").out
    table = real_dbench("eval", "mine.npz")
    assert "c1-accuracy" in table.out
    assert {path.name for path in Path().iterdir()} == {"mine.npz"}


def test_resuming_a_run_that_has_ended_changes_nothing(real_dbench):
    words = ("train", "infogan-digits", "--device", "cpu", *settings("networks.width=0.25", "batch_size=32"))
    assert real_dbench(*words, "--steps", 5, "--out", "run").code == 0
    outcome = real_dbench(*words, "--steps", 5, "--out", "run", "--resume")
    assert outcome.code == 0
    assert "is already finished" in outcome.err
