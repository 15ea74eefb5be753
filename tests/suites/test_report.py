"""What the report of a suite, of its folder and of runs is made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from disentangle_bench.errors import DbenchError, SettingError
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.run import Run
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.cards import card_of, metric_cards
from disentangle_bench.suites.folder import SuiteFolder
from disentangle_bench.suites.report import content_of_runs, content_of_suite
from disentangle_bench.suites.write_report import write_report
from tests.suites.conftest import Inline

Open = Callable[..., Bench]
GATE = '\n[[gates]]\nscore = "mig"\nentry = "clean"\nat_least = 0.1\nmay_fall_by = 0.1\n'


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def make_run(
    folder: Path, seed: int, status: str = "ok", scores: dict[str, object] | None = None, **settings: object
) -> Run:
    recipe = find_recipe("infogan-digits").with_settings(settings)
    run = Run.create(folder, recipe, {"seed": seed, "status": status})
    if scores is not None:
        entries = {
            name: {"metric": name, "value": value, "better": "higher", "reason": "" if value is not None else "no"}
            for name, value in scores.items()
        }
        run.results_file.write_text(json.dumps({"schema_version": 2, "subject": {"kind": "run"}, "scores": entries}))
    return run


def test_a_suite_is_reported_as_its_table_says(opened: Open, engine: Inline) -> None:
    bench = opened(GATE)
    bench.run(engine)
    content = content_of_suite(bench)
    assert content.title == bench.table().title
    assert content.table.columns == bench.table().columns
    assert [(run.entry, run.seed, run.state) for run in content.runs] == [
        (cell.entry, cell.seed, cell.state) for cell in bench.table().cells
    ]
    assert [gate.verdict for gate in content.gates] == ["PASS", "SKIP"]
    assert content.command == "dbench bench run codes.toml --seeds 0,1,2"
    assert {run.place.split("/")[0] for run in content.runs} == {"cells"}


def test_the_command_names_the_seeds_that_files_have(opened: Open, suite_file: Path) -> None:
    for name in ("clean", "noisy"):
        (suite_file.parent / name / "seed-1.npz").unlink()
    assert content_of_suite(opened()).command == "dbench bench run codes.toml --seeds 0,2"


def test_the_folder_of_results_says_what_its_suite_is(opened: Open, engine: Inline) -> None:
    bench = opened(GATE)
    bench.run(engine)
    again = SuiteFolder(bench.folder.path).suite()
    assert again == bench.suite
    assert write_report([str(bench.folder.path)], Path("a.html")).table == content_of_suite(bench).table


def test_a_folder_of_an_older_version_names_a_suite_of_the_package(tmp_path: Path) -> None:
    values = {"schema_version": 1, "name": "smoke", "version": 1, "variant": {"steps": 3}}
    (tmp_path / "suite.json").write_text(json.dumps(values))
    suite = SuiteFolder(tmp_path).suite()
    assert (suite.name, dict(suite.variant)) == ("smoke", {"steps": 3})
    (tmp_path / "suite.json").write_text(json.dumps({**values, "name": "mine"}))
    with pytest.raises(SettingError, match="what its suite 'mine' is"):
        SuiteFolder(tmp_path).suite()


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"name": "a", "variant": 3}', '{"variant": {}, "suite": {"name": 3}}']
)
def test_a_damaged_description_is_reported(text: str, tmp_path: Path) -> None:
    (tmp_path / "suite.json").write_text(text)
    with pytest.raises(SettingError, match="is damaged"):
        SuiteFolder(tmp_path).suite()


def test_runs_of_one_recipe_are_seeds_of_one_entry(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / f"seed-{seed}", seed, scores={"mig": 0.1 * seed, "sap": None}) for seed in range(3)]
    content = content_of_runs(runs)
    assert content.title == "infogan-digits: 1 entry, 3 seeds"
    summary = content.table.entries["infogan-digits"]["mig"]
    assert summary.mean == pytest.approx(0.1)
    assert [column.score for column in content.table.columns] == ["mig"]
    assert content.table.notes[-1] == "No value in any cell (no): sap."
    assert content.command.splitlines()[1].endswith("/seed-1/recipe.toml --seed 1")


def test_runs_that_differ_bear_what_they_differ_in(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / str(steps), 0, steps=steps, scores={"mig": 0.5}) for steps in (10, 20)]
    runs.append(make_run(tmp_path / "again", 0, steps=20, scores={"mig": 0.4}))
    names = [run.entry for run in content_of_runs(runs).runs]
    assert names == [
        "infogan-digits, steps = 10",
        "infogan-digits, steps = 20",
        f"infogan-digits, steps = 20 ({tmp_path.name}/again)",
    ]


def test_runs_that_are_not_done_are_shown_as_they_are(tmp_path: Path) -> None:
    runs = [
        make_run(tmp_path / "a", 0, "collapsed: D's loss under 1e-3", scores={"mig": 0.1}),
        make_run(tmp_path / "b", 1, "interrupted"),
        make_run(tmp_path / "c", 2),
        make_run(tmp_path / "d", 3, scores={"mig": 0.2}),
    ]
    assert [(run.state, run.reason) for run in content_of_runs(runs).runs] == [
        ("collapsed", "D's loss under 1e-3"), ("waiting", "interrupted"), ("waiting", "not evaluated"), ("done", ""),
    ]  # fmt: skip


def test_what_cannot_be_reported_is_refused(tmp_path: Path, opened: Open) -> None:
    run = str(make_run(tmp_path / "a", 0).path)
    for subjects, out, options in (
        ([run], "a.pdf", {}),
        (["nowhere"], "a.html", {}),
        (["smoke", run], "a.html", {}),
        ([run], "a.html", {"seeds": (0,)}),
        ([run], "a.html", {"settings": {"steps": 3}}),
    ):
        with pytest.raises(DbenchError):
            write_report(subjects, Path(out), **options)  # type: ignore[arg-type]
        assert not Path(out).exists()


def test_cards_say_what_a_metric_is_and_does_not_see() -> None:
    card = card_of(
        "First: high.\n\nMore.\n\n    a = b\n      + c\n\nDoes not see: this,\nand that.\n\nArgs:\n    x: y.", "arXiv"
    )
    assert (card.summary, card.formula, card.unseen) == ("First: high.", "a = b\n  + c", "This, and that.")
    cards = metric_cards()
    assert all(card.summary and card.source for card in cards.values())
    assert "trees find any dependence" in cards["dci"].unseen
    assert metric_cards() == cards  # from the note
