"""Publishing: the same table without models, nothing of the machine, and no seed is lost unsaid."""

from __future__ import annotations

import json
import re
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from disentangle_bench.errors import SettingError
from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.reports.tables import to_json, to_markdown
from disentangle_bench.run import Run
from disentangle_bench.suites.attempts import Attempt, read_attempts, write_attempts
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.cell import Cell
from disentangle_bench.suites.export import Export
from disentangle_bench.suites.folder import SuiteFolder
from disentangle_bench.suites.page import write_page
from tests.suites.conftest import Inline

SUITE = """
name = "mine"
version = 1
title = "Two recipes"
seeds = [0, 1]
metrics = ["c1-accuracy"]
baseline = "gan-with-q"

[entries.infogan]
recipe = "infogan-digits"

[entries.gan-with-q]
recipe = "gan-with-q-digits"

[[gates]]
score = "c1-accuracy.accuracy"
entry = "infogan"
at_least = 0.5
"""
SECRET = "/home/somebody/thesis/data.npz"


@pytest.fixture
def suite_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(SUITE)
    return path


@pytest.fixture
def opened(suite_file: Path, tmp_path: Path) -> Callable[..., Bench]:
    return lambda **options: Bench.open(str(suite_file), out=tmp_path / "results", **options)


def finish(bench: Bench, cell: Cell, accuracy: float = 0.8, model: str = "weights", status: str = "ok") -> None:
    """Leave in a cell's folder what training and scoring do."""
    assert cell.recipe is not None
    bench.folder.claim(bench.suite)
    folder = bench.folder.cell(cell)
    shutil.rmtree(folder, ignore_errors=True)
    means = [{"name": "c1", "group": "L_I", "unit": "nats", "bound": 2.302585, "bound_label": "H(c1) = ln 10"}]
    info = {"seed": cell.seed, "status": status, "steps": 100, "model_sha256": model, "means": means, "processors": 2}
    of_machine = {"options": ["--data-dir", SECRET], "platform": "secret-kernel", "command": [SECRET]}
    run = Run.create(folder / "run", cell.recipe, info | of_machine)
    log = [{"step": step, "L_I": {"c1": step / 99}, "status": "ok"} for step in (50, 100)]
    run.log_file.write_text("".join(f"{json.dumps(entry)}\n" for entry in log))
    run.checkpoints.mkdir()
    for heavy in (run.model_file, run.representation_file, folder / "worker.log", folder / "order.json"):
        heavy.write_text(SECRET)
    entry = ScoreEntry(metric="c1-accuracy", component="accuracy", value=accuracy, chance=0.1, ceiling=1.0)
    missing = ScoreEntry(metric="c1-accuracy", component="nmi", value=None, reason=f"{SECRET} cannot be read")
    scores = {"c1-accuracy.accuracy": entry, "c1-accuracy.nmi": missing}
    Results(subject={"name": cell.name}, scores=scores, provenance={"command": [SECRET]}).save(run.results_file)
    write_attempts(folder, [Attempt.begin().end("done")])


@pytest.fixture
def done(opened: Callable[..., Bench]) -> Bench:
    """Results in which everything is done."""
    bench = opened()
    for number, cell in enumerate(bench.found()):
        finish(bench, cell, 0.8 - 0.1 * number)
    return bench


@pytest.fixture
def target(tmp_path: Path) -> SuiteFolder:
    return SuiteFolder(tmp_path / "published" / "mine")


def published(bench: Bench, target: SuiteFolder, **options: object) -> list[str]:
    """Publish; what was said of each cell."""
    said: list[str] = []
    whole = Export(bench, target, on_event=said.append, **options)()  # type: ignore[arg-type]
    write_page(whole, bench)
    return said


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def cell_of(bench: Bench, entry: str, seed: int) -> Cell:
    return next(cell for cell in bench.found() if (cell.entry, cell.seed) == (entry, seed))


def test_the_table_is_the_same(done: Bench, target: SuiteFolder) -> None:
    assert published(done, target) == [
        f"{name}: published" for name in ("infogan/seed-0", "gan-with-q/seed-0", "infogan/seed-1", "gan-with-q/seed-1")
    ]
    copy = Bench(done.suite, target)
    assert to_json(copy.table(every=True)) == to_json(done.table(every=True)).replace("/home/somebody/thesis/", "")
    assert {planned.state for planned in copy.plan()} == {"done"}
    first = next(target.path.glob("cells/infogan/seed-0-*/run/results.json"))
    assert Results.load(first).scores["c1-accuracy.accuracy"].value == 0.8


def test_nothing_heavy_and_nothing_of_the_machine_is_published(
    done: Bench, target: SuiteFolder, tmp_path: Path
) -> None:
    published(done, target)
    names = {path.name for path in files(target.path) if path.suffix != ".png"}
    of_a_run = {"recipe.toml", "provenance.json", "log.jsonl", "results.json"}
    assert names == {"README.md", "suite.json", "attempts.json", *of_a_run}
    for path in files(target.path):
        if path.suffix != ".png":
            text = path.read_text()
            for secret in ("somebody", "secret-kernel", str(tmp_path), '"host"', '"pid"', f'"{socket.gethostname()}"'):
                assert secret not in text, (path, secret)
    scores = next(target.path.glob("cells/infogan/seed-0-*/run/results.json")).read_text()
    assert "data.npz cannot be read" in scores
    log = next(target.path.glob("cells/infogan/seed-0-*/run/log.jsonl")).read_text().splitlines()
    assert json.loads(log[0])["L_I"]["c1"] == 0.50505


def test_the_page_says_how_it_was_made(done: Bench, target: SuiteFolder) -> None:
    published(done, target, processor="Some CPU")
    page = (target.path / "README.md").read_text()
    assert page.startswith("# mine\n\nTwo recipes.\n")
    assert to_markdown(done.table()) in page
    assert "dbench bench run mine.toml\n" in page
    assert "| infogan | 1 | done | 100 |" in page
    assert re.search(r"^- [24] cells: Some CPU, 2 processors;", page, re.MULTILINE)
    assert "- PASS  infogan, c1-accuracy.accuracy at least 0.5: mean 0.7 over 2 of 2" in page
    assert "| c1-accuracy.accuracy | infogan | 0.700 | 0.700 | 0.141 | 0.800 | 0.600 |" in page
    assert Image.open(target.path / "figures" / "information.png").width > 500


def test_the_same_again_changes_no_byte(done: Bench, target: SuiteFolder) -> None:
    published(done, target, processor="Some CPU")
    before = {path: path.read_bytes() for path in files(target.path)}
    assert published(done, target) == []
    assert {path: path.read_bytes() for path in files(target.path)} == before


def test_further_seeds_join_those_that_are_there(
    done: Bench, opened: Callable[..., Bench], target: SuiteFolder
) -> None:
    published(done, target)
    shutil.rmtree(done.folder.path)
    more = opened(seeds=(2,))
    finish(more, cell_of(more, "infogan", 2))
    assert published(more, target) == ["infogan/seed-2: published"]
    table = Bench(more.suite.with_seeds((0, 1, 2)), target).table()
    assert table.entries["infogan"]["c1-accuracy.accuracy"].count == "3 of 3"
    assert "| 0.800 | 0.600 | 0.800 |" in (target.path / "README.md").read_text()
    assert "Not shown: seed 2, which `--seeds` adds." in Bench(done.suite, target).table().notes


def test_collapsed_and_failed_cells_are_published_and_unfinished_ones_named(done: Bench, target: SuiteFolder) -> None:
    finish(done, cell_of(done, "infogan", 0), status="collapsed: c1 uses 2 of 10 categories")
    failed, unfinished = (done.folder.cell(cell_of(done, *of)) for of in (("gan-with-q", 0), ("gan-with-q", 1)))
    for folder in (failed, unfinished):
        shutil.rmtree(folder)
    write_attempts(failed, [Attempt.begin().end("failed", f"{SECRET} is damaged")])
    write_attempts(unfinished, [Attempt.begin()])
    said = published(done, target)
    assert "gan-with-q/seed-1: left out, it is waiting" in said
    table = Bench(done.suite, target).table()
    assert [cell.state for cell in table.cells] == ["collapsed", "failed", "done", "waiting"]
    assert table.cells[1].reason == "data.npz is damaged"


def test_nothing_is_not_published(done: Bench, target: SuiteFolder) -> None:
    for cell in done.found():
        shutil.rmtree(done.folder.cell(cell))
        write_attempts(done.folder.cell(cell), [Attempt.begin()])
    with pytest.raises(SettingError, match="has ended, so there is nothing to publish"):
        published(done, target)
    assert not target.path.exists()


def test_a_failure_does_not_replace_a_result(done: Bench, target: SuiteFolder) -> None:
    published(done, target)
    folder = done.folder.cell(cell_of(done, "infogan", 0))
    shutil.rmtree(folder)
    write_attempts(folder, [Attempt.begin().end("failed", "no space")])
    assert published(done, target) == ["infogan/seed-0: failed; the published one stays"]
    assert Bench(done.suite, target).table().entries["infogan"]["c1-accuracy.accuracy"].count == "2 of 2"


def test_new_scores_of_the_same_model_replace_the_old(done: Bench, target: SuiteFolder) -> None:
    published(done, target)
    finish(done, cell_of(done, "infogan", 0), 0.9)
    assert published(done, target) == ["infogan/seed-0: replaced"]
    assert Bench(done.suite, target).table().entries["infogan"]["c1-accuracy.accuracy"].values[0] == 0.9


def test_a_seed_is_not_trained_until_it_looks_well(done: Bench, target: SuiteFolder) -> None:
    published(done, target)
    before = read_attempts(target.cell(cell_of(done, "infogan", 0)))
    finish(done, cell_of(done, "infogan", 0), 0.99, model="another")
    with pytest.raises(SettingError, match="would lose what is published of infogan/seed-0"):
        published(done, target)
    assert Bench(done.suite, target).table().entries["infogan"]["c1-accuracy.accuracy"].values[0] == 0.8
    published(done, target, replace=True)
    assert len(read_attempts(target.cell(cell_of(done, "infogan", 0)))) == len(before) + 1


def test_what_the_suite_would_not_show_any_more_is_not_dropped_unsaid(
    done: Bench, opened: Callable[..., Bench], target: SuiteFolder, suite_file: Path
) -> None:
    published(done, target)
    suite_file.write_text(
        SUITE.replace('recipe = "infogan-digits"', 'recipe = "infogan-digits"\nsettings = { steps = 9 }')
    )
    changed = opened()
    with pytest.raises(SettingError, match=r"infogan/seed-0 \(of an earlier form of the entry\), infogan/seed-1"):
        published(changed, target)
    said = published(changed, target, replace=True)
    assert "infogan/seed-1: removed, it is of an earlier form of the entry" in said
    assert len(target.cell_folders()) == 2


def test_another_suite_or_version_is_refused(
    done: Bench, opened: Callable[..., Bench], target: SuiteFolder, suite_file: Path
) -> None:
    published(done, target)
    suite_file.write_text(SUITE.replace("version = 1", "version = 2"))
    with pytest.raises(SettingError, match="holds results of mine, version 1; this is version 2"):
        published(opened(), target)
    variant = Bench.open(str(suite_file), settings={"steps": 3}, out=target.path.with_name("variant"))
    finish(variant, next(iter(variant.found())))
    with pytest.raises(SettingError, match="another variant"):
        published(variant, target)
    with pytest.raises(SettingError, match="holds the results themselves"):
        published(done, done.folder)
    with pytest.raises(SettingError, match="holds no results of mine"):
        published(Bench(done.suite, SuiteFolder(done.folder.path / "none")), target)


def test_published_cells_are_not_trained_again(done: Bench, target: SuiteFolder, engine: Inline) -> None:
    published(done, target)
    copy = Bench(done.suite.with_metrics(("c1-accuracy", "active-units")), target)
    assert [cell.name for cell in copy.without_model()] == [cell.name for cell in done.found()]
    assert Bench(done.suite, target).without_model() == []
    copy.run(engine)
    copy.rescore(engine)
    assert engine.worked == []
