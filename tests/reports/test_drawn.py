"""Figures are drawn again when what they show has changed, or when one of them is missing."""

from __future__ import annotations

import pytest

from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.reports.drawn import are_drawn, note_drawn
from disentangle_bench.run import Run


@pytest.fixture
def run(tmp_path):
    (tmp_path / "figures").mkdir()
    for name in ("a.svg", "a.png"):
        (tmp_path / "figures" / name).write_text("drawn")
    (tmp_path / "log.jsonl").write_text("{}\n")
    return Run(tmp_path)


def results(value: float = 0.5, **info) -> Results:
    return Results(
        subject={"model_sha256": "1"}, scores={"mig": ScoreEntry(metric="mig", value=value, seconds=1.0, **info)}
    )


def draw(run: Run, of: Results) -> None:
    note_drawn(run, of, sorted(run.figures.iterdir()))


def test_the_same_scores_need_no_drawing(run):
    assert not are_drawn(run, results())
    draw(run, results())
    assert are_drawn(run, results())
    assert are_drawn(run, results(), ["png"])
    assert not are_drawn(run, results(), ["png", "pdf"])
    quicker = results()
    quicker.scores = {"mig": quicker.scores["mig"].model_copy(update={"seconds": 0.1})}
    assert are_drawn(run, quicker)


@pytest.mark.parametrize("change", ["score", "interval", "model", "log", "file", "note"])
def test_whatever_changes_has_them_drawn(run, change):
    draw(run, results())
    now = results(0.6) if change == "score" else results(low=0.4, high=0.6) if change == "interval" else results()
    if change == "model":
        now.subject["model_sha256"] = "2"
    if change == "log":
        run.log_file.write_text("{}\n{}\n")
    if change == "file":
        (run.figures / "a.png").unlink()
    if change == "note":
        (run.figures / ".drawn.json").write_text("[]")
    assert not are_drawn(run, now)


def test_nothing_drawn_leaves_no_note(run):
    note_drawn(run, results(), [])
    assert not (run.figures / ".drawn.json").exists()
