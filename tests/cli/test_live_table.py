"""The table of an evaluation that is printed row by row."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from disentangle_bench.cli.live_table import LiveTable, live_table
from disentangle_bench.evaluation.progress import Planned
from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.reports.tables import to_text

WIDTH = 80


@pytest.fixture
def results() -> Results:
    entries = {
        "mig": ScoreEntry(metric="mig", value=0.5, low=0.4, high=0.6),
        "dci.disentanglement": ScoreEntry(metric="dci", component="disentanglement", value=0.25),
        "dci.completeness": ScoreEntry(metric="dci", component="completeness", value=0.75),
        "sap": ScoreEntry(metric="sap", value=None, reason="no factor varies"),
    }
    return Results(subject={"name": "codes.npz", "samples": 300}, scores=entries)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=WIDTH, color_system=None, force_terminal=True)


def printed(console: Console) -> str:
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def planned(results: Results) -> Planned:
    return Planned(results.subject, ("mig", "dci", "sap"), (), seconds=3)


@pytest.mark.parametrize("every", [False, True])
def test_the_rows_are_those_of_the_table(results, console, every):
    table = LiveTable(console, every=every)
    table.begin(planned(results))
    for metric, scores in results.by_metric().items():
        table.add(metric, scores)
        assert printed(console).splitlines()[-1].split()[0] in ("mig", "dci.disentanglement", "completeness", "sap")
    table.finish(results)
    first, blank, text = printed(console).split("\n", 2)
    assert (first, blank) == (str(planned(results)), "")
    assert text == to_text(results, WIDTH, every=every)


@pytest.mark.parametrize(("every", "named"), [(False, ()), (True, ()), (False, ("sap",))])
def test_the_rows_of_a_run_are_those_of_the_table(results, console, every, named):
    results.subject["kind"], results.named = "run", named
    table = LiveTable(console, every=every)
    table.begin(replace(planned(results), named=named))
    for metric, scores in results.by_metric().items():
        table.add(metric, scores)
    assert ("sap  " in printed(console)) == (every or bool(named))
    table.finish(results)
    assert printed(console).split("\n", 2)[2] == to_text(results, WIDTH, every=every)


def test_metrics_that_were_kept_before_come_last(results, console):
    table = LiveTable(console, every=False)
    table.begin(planned(results))
    table.add("sap", {"sap": results.scores["sap"]})
    table.finish(results)
    assert [line.split()[0] for line in printed(console).splitlines()[6:9]] == ["sap", "mig", "dci.disentanglement"]


def test_an_evaluation_that_did_not_begin_prints_what_was_kept(results, console):
    LiveTable(console, every=False).finish(results)
    assert printed(console) == to_text(results, WIDTH)


def test_a_blank_line_separates_subjects(results, console):
    table = LiveTable(console, every=False)
    table.finish(results)
    table.finish(results)
    assert printed(console) == f"{to_text(results, WIDTH)}\n{to_text(results, WIDTH)}"


@pytest.mark.parametrize("begins", [True, False])
def test_names_do_not_steer_the_terminal(results, console, begins):
    results.subject |= {
        "name": "a\x1b[2J.npz",
        "factors": [{"name": "\x1b]0;title\x07", "kind": "continuous", "constant": False, "classes": None}],
    }
    table = LiveTable(console, every=False)
    if begins:
        table.begin(planned(results))
    table.finish(results)
    text = re.sub(r"\x1b\[[0-9;]*m", "", printed(console))
    assert "title" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)


def test_there_is_none_without_a_terminal():
    assert live_table("table", every=False) is None
