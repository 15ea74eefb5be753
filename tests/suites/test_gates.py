"""Gates pass, fall short, or measure nothing, each with its exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from disentangle_bench.errors import SettingError
from disentangle_bench.reports.checked_gate import CheckedGate
from disentangle_bench.suites.accepted import Accepted, suggestions
from disentangle_bench.suites.bench import Bench, exit_status, write_step_summary
from tests.suites.conftest import Inline, write_codes

Open = Callable[..., Bench]


def gate(condition: str, score: str = "mig", entry: str = "clean") -> str:
    return f'\n[[gates]]\nscore = "{score}"\nentry = "{entry}"\n{condition}\n'


def checked(bench: Bench, engine: Inline, accepted: Path | None = None) -> tuple[list[CheckedGate], int]:
    table = bench.run(engine)
    gates = bench.check_gates(table, accepted)
    return gates, exit_status(table, gates)


@pytest.mark.parametrize(
    ("condition", "verdict", "status"),
    [
        ("at_least = 0.2", "PASS", 0),
        ("at_least = 0.99", "FAIL", 3),
        ("at_most = 0.99", "PASS", 0),
        ("at_most = 0.2", "FAIL", 3),
        ("above_baseline = 0.1", "PASS", 0),
        ("above_baseline = 0.9", "FAIL", 3),
    ],
)
def test_a_condition_passes_or_falls_short(
    opened: Open, engine: Inline, condition: str, verdict: str, status: int
) -> None:
    gates, code = checked(opened(gate(condition)), engine)
    assert [of.verdict for of in gates] == [verdict]
    assert code == status
    assert (gates[0].margin >= 0) == (verdict == "PASS")  # type: ignore[operator]
    assert str(gates[0]).startswith(f"{verdict}  clean, mig ")


def test_conditions_of_one_gate_must_all_hold(opened: Open, engine: Inline) -> None:
    gates, code = checked(opened(gate("at_least = 0.2\nat_most = 0.3")), engine)
    assert [of.verdict for of in gates] == ["PASS", "FAIL"]
    assert code == 3


def test_a_gate_without_a_value_measures_nothing(opened: Open, engine: Inline) -> None:
    gates, code = checked(opened(gate("at_least = 0", score="mig.none")), engine)
    assert [of.verdict for of in gates] == ["NOTHING"]
    assert code == 4


def test_a_failed_cell_comes_first(opened: Open, engine: Inline, suite_file: Path) -> None:
    (suite_file.parent / "clean" / "seed-0.npz").write_bytes(b"PK damaged")
    assert checked(opened(gate("at_least = 0.99")), engine)[1] == 1


def worsened(suite_file: Path, noise: float) -> None:
    for seed in range(3):
        write_codes(suite_file.parent / "clean" / f"seed-{seed}.npz", noise, seed)


def test_a_fall_counts_if_it_is_large_and_significant(opened: Open, engine: Inline, suite_file: Path) -> None:
    first, code = checked(opened(gate("may_fall_by = 0.05")), engine)
    assert code == 0
    assert str(first[0]).startswith(
        "SKIP  clean, mig not worse than accepted by more than 0.05: no accepted results yet"
    )
    opened().accept()
    gates, code = checked(opened(), engine)
    assert (code, gates[0].margin) == (0, 0.05)
    worsened(suite_file, 0.21)
    assert checked(opened(), engine)[1] == 0, "smaller than the tolerance"
    worsened(suite_file, 0.6)
    gates, code = checked(opened(), engine)
    assert code == 3
    assert "worse by" in gates[0].found
    assert ", p " in gates[0].found


def test_a_fall_within_the_spread_over_seeds_does_not_count(opened: Open, engine: Inline, suite_file: Path) -> None:
    checked(opened(gate("may_fall_by = 0.05")), engine)
    opened().accept()
    write_codes(suite_file.parent / "clean" / "seed-0.npz", 3.0, 0)  # one bad seed of three
    gates, code = checked(opened(), engine)
    assert code == 0
    assert gates[0].margin < 0, "larger than the tolerance, and not significant"  # type: ignore[operator]


def test_accepted_results_have_the_spread_and_suggest_tolerances(opened: Open, engine: Inline, tmp_path: Path) -> None:
    bench = opened()
    table = bench.run(engine)
    accepted = bench.accept(tmp_path / "accepted" / "codes.json")
    read = Accepted.read(tmp_path / "accepted" / "codes.json")
    assert read == accepted
    of = read.entries["clean"]["mig"]
    assert of.seeds == table.entries["clean"]["mig"].values
    assert of.tolerance == pytest.approx(3 * table.entries["clean"]["mig"].sd)  # type: ignore[operator]
    assert f"clean, mig: may_fall_by = {of.tolerance:.2g}" in suggestions(read.entries)


def test_another_version_of_the_metric_measures_nothing(opened: Open, engine: Inline, tmp_path: Path) -> None:
    bench = opened(gate("may_fall_by = 0.05"))
    bench.run(engine)
    bench.accept()
    values = json.loads(bench.accepted_file.read_text())
    values["entries"]["clean"]["mig"]["version"] = 0
    bench.accepted_file.write_text(json.dumps(values))
    gates, code = checked(bench, engine)
    assert code == 4
    assert "accept the new results" in gates[0].found


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("version", 2, "of the suite codes, version 2; this is codes, version 1"),
        ("suite", "others", "of the suite others, version 1"),
        ("entries", 3, "does not hold accepted results: entries"),
        ("schema_version", 99, "written with schema 99"),
    ],
)
def test_wrong_accepted_results_are_refused(opened: Open, engine: Inline, key: str, value: object, said: str) -> None:
    bench = opened(gate("may_fall_by = 0.05"))
    bench.run(engine)
    bench.accept()
    values = json.loads(bench.accepted_file.read_text())
    bench.accepted_file.write_text(json.dumps({**values, key: value}))
    with pytest.raises(Exception, match=said):
        checked(bench, engine)


def test_without_accepted_results_a_fall_is_neither_passed_nor_failed(opened: Open, engine: Inline) -> None:
    bench = opened(gate("at_least = 0.2\nmay_fall_by = 0.05"))
    table = bench.run(engine)
    gates = bench.check_gates(table, None)
    assert [(of.verdict, of.margin is None) for of in gates] == [("PASS", False), ("SKIP", True)]
    assert exit_status(table, gates) == 0
    required = bench.check_gates(table, None, required=True)
    assert [of.verdict for of in required] == ["PASS", "NOTHING"]
    assert exit_status(table, required) == 4
    assert json.loads(json.dumps(replace(table, gates=tuple(gates)).to_values()))["gates"][1] == {
        "verdict": "SKIP",
        "condition": "clean, mig not worse than accepted by more than 0.05",
        "found": "no accepted results yet; `dbench bench accept` writes them",
        "margin": None,
    }


def test_a_score_without_value_is_nothing_with_and_without_accepted_results(opened: Open, engine: Inline) -> None:
    bench = opened(gate("may_fall_by = 0.05", score="mig.none"))
    table = bench.run(engine)
    assert [of.verdict for of in bench.check_gates(table, None)] == ["NOTHING"]
    bench.accept()
    assert [of.verdict for of in bench.check_gates(table, None)] == ["NOTHING"]


def test_a_variant_is_never_compared(opened: Open, engine: Inline) -> None:
    bench = opened(gate("at_least = 0.2\nmay_fall_by = 0.05"), settings={"steps": 3})
    gates = bench.check_gates(bench.run(engine), None, required=True)
    assert [of.verdict for of in gates] == ["PASS"]


def test_nothing_is_accepted_where_there_is_nothing(opened: Open) -> None:
    with pytest.raises(SettingError, match="no results to accept"):
        opened().accept()


def test_the_summary_of_a_job_has_table_and_gates(
    opened: Open, engine: Inline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    bench = opened(gate("at_least = 0.2"))
    table = bench.run(engine)
    write_step_summary(table, bench.check_gates(table, None))
    text = (tmp_path / "summary.md").read_text()
    assert "| clean - noisy |" in text
    assert "PASS  clean, mig at least 0.2" in text
