"""`dbench report` as a person meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from disentangle_bench.run import Run
from tests.cli.conftest import Dbench


@pytest.mark.slow
def test_a_run_is_reported_from_what_is_stored(dbench: Dbench, tmp_path: Path) -> None:
    assert dbench("train", "infogan-digits", "--set", "steps=5", "--out", "run").code == 0
    assert dbench("eval", "run", "--metrics", "c1-accuracy,image-measures", "--no-figures").code == 0
    made = dbench("report", "run", "--out", "pages/r.html")
    assert (made.code, made.out) == (0, "pages/r.html\n")
    text = (tmp_path / "pages" / "r.html").read_text(encoding="utf-8")
    assert text.count('class="traversal"') == 3
    assert "Categories of c1 by digit" in text
    assert "Mass of each category of c1" in text
    assert "H(c1) = ln 10" in text
    assert str(tmp_path) not in text


def test_a_run_without_scores_is_reported_as_such(dbench: Dbench, begun_run: Run) -> None:
    assert dbench("report", begun_run.path).code == 0
    assert "1 of 1 cells has no result yet" in Path("report.html").read_text(encoding="utf-8")


def test_a_page_has_to_be_html(dbench: Dbench, begun_run: Run) -> None:
    made = dbench("report", begun_run.path, "--out", "report.pdf")
    assert made.code == 2
    assert "it is HTML" in made.err


def test_options_of_suites_are_refused_for_runs(dbench: Dbench, begun_run: Run) -> None:
    made = dbench("report", begun_run.path, "--seeds", "0-2")
    assert made.code == 2
    assert "--seeds belongs to a suite" in made.err


def test_a_missing_folder_is_named(dbench: Dbench) -> None:
    made = dbench("report", "nowhere")
    assert made.code == 2
    assert "There is no run folder nowhere" in made.err


def test_a_damaged_file_does_not_keep_others_from_being_reported(dbench: Dbench, begun_run: Run) -> None:
    begun_run.results_file.write_text("{")
    begun_run.log_file.write_text("not json\n{}\n")
    begun_run.representation_file.write_bytes(b"no")
    begun_run.traversals_file.write_bytes(b"no")
    assert dbench("report", begun_run.path).code == 0


def test_hostile_results_stay_text(dbench: Dbench, begun_run: Run) -> None:
    name = "<script>alert(1)</script>"
    scores = {name: {"metric": name, "value": 0.5, "better": "higher", "unit": name}}
    values = {"schema_version": 2, "subject": {"kind": "run", "name": name}, "scores": scores}
    begun_run.results_file.write_text(json.dumps(values))
    begun_run.note(remark=name, packages={name: name}, platform=name)
    assert dbench("report", begun_run.path).code == 0
    text = Path("report.html").read_text(encoding="utf-8")
    assert name not in text
    assert "&lt;script&gt;alert(1)" in text
