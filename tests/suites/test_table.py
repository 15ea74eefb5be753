"""The table's numbers are those that scipy computes from the seeds' values."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from scipy import stats

from disentangle_bench.evaluation.comparison import compare_results
from disentangle_bench.evaluation.results import Results
from disentangle_bench.reports.suite_table import SuiteTable, Summary, footer
from disentangle_bench.reports.tables import to_csv, to_json, to_latex, to_markdown, to_text
from disentangle_bench.suites.bench import Bench
from tests.suites.conftest import Inline, write_codes

Open = Callable[..., Bench]


@pytest.fixture
def table(opened: Open, engine: Inline) -> SuiteTable:
    return opened().run(engine)


def values(table: SuiteTable, entry: str, score: str) -> np.ndarray:
    return np.array(list(table.entries[entry][score].values.values()))


def test_means_have_students_interval(table: SuiteTable) -> None:
    for entry in ("clean", "noisy"):
        of, found = table.entries[entry]["mig"], values(table, entry, "mig")
        low, high = stats.t.interval(0.95, 2, found.mean(), stats.sem(found))
        assert (of.mean, of.low, of.high) == pytest.approx((found.mean(), low, high))
        assert (of.sd, of.median, of.worst) == pytest.approx((found.std(ddof=1), np.median(found), found.min()))
        assert of.count == "3 of 3"


def test_differences_are_paired_by_seed_and_corrected_for_all(table: SuiteTable) -> None:
    p = {}
    for score in ("mig", "sap"):
        clean, noisy = values(table, "clean", score), values(table, "noisy", score)
        test = stats.ttest_rel(clean, noisy)
        of = table.entries["clean"][score].difference
        assert of is not None
        assert of.value == pytest.approx((clean - noisy).mean())
        assert (of.low, of.high) == pytest.approx(tuple(test.confidence_interval()))
        p[score] = test.pvalue
        assert of.verdict == "better"
        assert of.improvement.value == pytest.approx(
            np.mean(clean[:, None] > noisy) + np.mean(clean[:, None] == noisy) / 2
        )
    smaller, larger = sorted(p, key=lambda score: p[score])
    expected = {smaller: 2 * p[smaller], larger: max(2 * p[smaller], p[larger])}
    assert {score: table.entries["clean"][score].difference.p for score in p} == pytest.approx(expected)  # type: ignore[union-attr]
    assert table.entries["noisy"]["mig"].difference is None


def test_that_a_single_run_has_no_spread_is_a_note(opened: Open, engine: Inline) -> None:
    """In every cell it would be said many times, and the table too wide."""
    table = opened(seeds=(0,)).run(engine)
    difference = table.entries["clean"]["mig"].difference
    assert difference is not None
    assert (difference.p, difference.verdict) == (None, "")
    assert table.notes[:2] == (
        "Differences are to noisy.",
        "Where no verdict is given, one of the two has a single run, so its spread over seeds is unknown.",
    )
    assert max(map(len, to_text(table).splitlines())) < 100


def test_the_verdicts_are_those_of_a_comparison(opened: Open, engine: Inline) -> None:
    """`dbench bench table` and `dbench compare` say the same of the same values."""
    bench = opened()
    table = bench.run(engine)
    groups = {
        name: [Results.load(path) for path in sorted(bench.folder.path.glob(f"cells/{name}/*/results.json"))]
        for name in ("noisy", "clean")
    }
    for results in (results for group in groups.values() for results in group):
        results.subject["seed"] = int(str(results.subject["name"]).removesuffix(".npz")[-1])
    rows = compare_results(list(groups.values()), metrics=["mig", "sap"]).rows
    for row in rows:
        [expected], found = row.differences, table.entries["clean"][row.score].difference
        assert found is not None
        assert (found.value, found.low, found.high) == (expected.value, expected.low, expected.high)
        assert (found.p, found.verdict) == (expected.p_corrected, expected.verdict)
        assert found.detectable == expected.detectable


def test_entries_that_differ_are_in_other_groups(opened: Open, engine: Inline, suite_file: Path) -> None:
    """Two alike and one that is worse; with two entries, the verdict says it all."""
    for seed in range(3):
        write_codes(suite_file.parent / "alike" / f"seed-{seed}.npz", 0.2, seed, noise_seed=1)
    table = opened('\n[entries.alike]\nrepresentations = ["alike/*.npz"]\n').run(engine)
    groups = {name: scores["mig"].groups for name, scores in table.entries.items()}
    assert groups == {"clean": (1,), "alike": (1,), "noisy": (2,)}
    assert table.entries["noisy"]["mig"].ranks == (3, 3)
    assert table.entries["alike"]["mig"].ranks == (1, 2)


def test_tie_groups_beyond_the_alphabet_have_names_too() -> None:
    assert Summary({}, groups=(1, 26, 27, 52, 53)).letters == "azAZ(53)"


def test_an_entry_without_values_is_a_row(opened: Open) -> None:
    table = opened().table()
    assert table.states("clean") == "3 waiting"
    assert "clean, seed 0: waiting." in to_text(table)


def test_beside_the_rows_of_entries_only_what_has_a_reason_is_listed(table: SuiteTable) -> None:
    first, second, *others = table.cells
    waiting = (replace(first, state="waiting"), replace(second, state="waiting", reason="interrupted"), *others)
    lines = footer(replace(table, cells=waiting))
    assert f"{second.entry}, seed {second.seed}: waiting, interrupted." in lines
    assert not any(line.startswith(f"{first.entry}, seed {first.seed}:") for line in lines)


def test_every_form_holds_what_the_table_holds(table: SuiteTable) -> None:
    text = to_text(table)
    assert "codes, version 1: 2 entries, 3 seeds" in text
    assert "better" in text
    assert "noisy (baseline)" in text
    assert "| clean - noisy |" in to_markdown(table)
    assert r"\toprule" in to_latex(table)
    rows = list(csv.DictReader(io.StringIO(to_csv(table))))
    assert len(rows) == 2 * 3 * 2
    assert {row["state"] for row in rows} == {"done"}
    stored = json.loads(to_json(table))
    assert stored["entries"]["clean"]["mig"]["values"]["0"] == table.entries["clean"]["mig"].values[0]


def test_a_mean_says_that_it_counts_collapsed_runs(opened: Open, engine: Inline) -> None:
    """In every form, at the mean itself."""
    bench = opened()
    bench.run(engine)
    [folder] = bench.folder.path.glob("cells/clean/seed-1-*")
    (folder / "run").mkdir()
    (folder / "run" / "provenance.json").write_text('{"seed": 1, "status": "collapsed: c1 uses 2 of 4 categories"}')
    (folder / "run" / "model.safetensors").touch()
    table = bench.table()
    assert table.entries["clean"]["mig"].collapsed == (1,)
    assert table.entries["noisy"]["mig"].count == "3 of 3"
    for text in (to_text(table), to_markdown(table), to_latex(table)):
        [line] = [line for line in text.splitlines() if "[" in line and "clean" in line]
        assert line.count("(3 of 3, 1 collapsed)") == 2
        assert "† clean, seed 1: collapsed, c1 uses 2 of 4 categories." in text
    rows = csv.DictReader(io.StringIO(to_csv(table)))
    assert {row["mean_over"] for row in rows if row["entry"] == "clean"} == {"3 of 3, 1 collapsed"}
    assert json.loads(to_json(table))["entries"]["clean"]["mig"]["collapsed"] == [1]


def test_columns_are_set_below_each_other_where_lines_are_short(table: SuiteTable) -> None:
    for width in (50, 80, 120):
        console = Console(width=width, file=io.StringIO(), force_terminal=False)
        with console.capture() as captured:
            console.print(table)
        lines = captured.get().splitlines()
        assert max(map(len, lines)) <= width
        assert sum("mig" in line or "sap" in line for line in lines) >= 1
        assert "…" not in captured.get()


def test_all_scores_have_columns_if_asked_for(opened: Open, engine: Inline) -> None:
    bench = opened()
    bench = Bench(bench.suite.with_metrics(("mig", "infomec")), bench.folder)
    assert [column.score for column in bench.run(engine).columns] == ["mig", "infomec.infom"]
    table, full = bench.table(), bench.table(every=True)
    assert len(full.columns) > 2
    for entry, scores in full.entries.items():
        for score, summary in scores.items():
            if score in table.entries[entry]:
                assert summary == table.entries[entry][score], "further columns change no verdict"
            elif summary.difference is not None:
                assert (summary.difference.p, summary.difference.verdict, summary.groups) == (None, "", ())
    assert any("those tested" in note for note in full.notes)
    assert not any("those tested" in note for note in table.notes)


def test_a_score_without_a_value_has_its_reason_below(opened: Open, engine: Inline) -> None:
    bench = opened()
    bench.run(engine)
    for place in bench.folder.path.glob("cells/*/*/results.json"):
        values = json.loads(place.read_text())
        values["scores"]["sap"] |= {"value": None, "reason": "there is one code"}
        place.write_text(json.dumps(values))
    table = bench.table()
    assert "No value in any cell (there is one code): sap." in table.notes
    assert to_text(table).count("no value") == 2


def test_the_remedy_for_older_scores_names_the_file(opened: Open, engine: Inline) -> None:
    bench = opened()
    bench.run(engine)
    for place in bench.folder.path.glob("cells/*/*/results.json"):
        values = json.loads(place.read_text())
        values["scores"]["sap"]["version"] = 0
        place.write_text(json.dumps(values))
    assert any("`dbench bench rescore codes.toml`" in note for note in bench.table().notes)


def test_a_reason_that_is_a_sentence_ends_with_one_full_stop(table: SuiteTable) -> None:
    failed = replace(table, cells=(replace(table.cells[0], state="failed", reason="There is no such file."),))
    assert "clean, seed 0: failed, There is no such file.\n" in to_text(failed)


def test_entries_on_other_data_are_not_compared(opened: Open, engine: Inline, suite_file: Path) -> None:
    for seed in range(3):
        write_codes(suite_file.parent / "other" / f"seed-{seed}.npz", 0.2, seed, n=200)
    table = opened('\n[entries.other]\nrepresentations = ["other/*.npz"]\n').run(engine)
    assert table.entries["other"]["mig"].difference is None
    assert table.entries["clean"]["mig"].difference is not None
    assert all(scores["mig"].groups == () for scores in table.entries.values())
    assert "other is not compared with noisy: its scores are of 200 samples, not of 300." in to_text(table)


def test_an_arbitrary_sign_is_not_averaged_and_an_arbitrary_code_not_summarized(opened: Open, engine: Inline) -> None:
    bench = opened()
    bench.run(engine)
    for number, path in enumerate(sorted(bench.folder.path.glob("cells/clean/*/results.json"))):
        values = json.loads(path.read_text())
        values["scores"]["mig"] |= {"value": 0.5 * (-1) ** number, "arbitrary": ["sign"]}
        values["scores"]["sap"] |= {"arbitrary": ["sign", "code"]}
        path.write_text(json.dumps(values))
    table = bench.table()
    assert list(table.entries["clean"]["mig"].values.values()) == [0.5] * 3
    assert table.entries["clean"]["sap"].mean is None
