"""Cells that are finished elsewhere are taken as they are, whole, and only where they are the same cells."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from disentangle_bench.errors import RunError, StorageError
from disentangle_bench.storage import write_json
from disentangle_bench.suites.attempts import Attempt, read_attempts, write_attempts
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.export import Export
from disentangle_bench.suites.folder import SuiteFolder
from disentangle_bench.suites.reuse import Reuse, copy_cell
from tests.suites.conftest import Inline, write_codes
from tests.suites.test_export import cell_of, finish

OTHER = """
name = "other"
version = 1
metrics = ["mig"]

[evaluation]
bootstrap = 0
levels = false

[entries.tidy]
representations = ["clean/seed-*.npz"]

[entries.fresh]
representations = ["fresh/seed-*.npz"]
"""
TRAINED = """
name = "{name}"
version = 1
title = "The baseline, and what it is compared with"
seeds = [0, 1]
metrics = {metrics}

[entries.{entry}]
recipe = "gan-with-q-digits"
{settings}
"""


def trained(folder: Path, name: str, entry: str, metrics: str = '["c1-accuracy"]', settings: str = "") -> Bench:
    file = folder / f"{name}.toml"
    file.write_text(TRAINED.format(name=name, entry=entry, metrics=metrics, settings=settings))
    return Bench.open(str(file), out=folder / f"results-of-{name}")


@pytest.fixture
def baseline(tmp_path: Path) -> Bench:
    """A suite whose cells are done."""
    bench = trained(tmp_path, "baseline", "gan")
    for cell in bench.found():
        finish(bench, cell)
    return bench


@pytest.fixture
def wider(tmp_path: Path) -> Bench:
    """A suite that trains the same under another name."""
    return trained(tmp_path, "wider", "plain")


def taken(bench: Bench, *sources: Path) -> list[str]:
    """Reuse what there is; what was said."""
    said: list[str] = []
    Reuse(bench, sources)(said.append)
    return said


def states(bench: Bench) -> list[str]:
    return [planned.state for planned in bench.plan()]


def test_codes_that_another_suite_has_scored_are_not_scored_again(
    opened: Callable[..., Bench], tmp_path: Path, engine: Inline
) -> None:
    first = opened()
    first.run(engine)
    write_codes(tmp_path / "fresh" / "seed-0.npz", 0.5, 7)
    (tmp_path / "other.toml").write_text(OTHER)
    second, working = Bench.open(str(tmp_path / "other.toml"), out=tmp_path / "other"), Inline()
    source = first.folder.path
    assert taken(second, source) == [f"tidy/seed-{seed}: taken from {source}" for seed in range(3)]
    second.run(working)
    assert working.worked == ["fresh/seed-0"]
    before, after = (
        {cell.seed: found.scores["mig"]["value"] for cell, found in bench.found().items() if cell.entry == entry}
        for bench, entry in ((first, "clean"), (second, "tidy"))
    )
    assert after == before
    assert len(after) == 3


def test_a_finished_model_is_taken_and_only_its_missing_scores_are_open(baseline: Bench, tmp_path: Path) -> None:
    bench = trained(tmp_path, "more", "plain", metrics='["c1-accuracy", "traversal-consistency"]')
    taken(bench, baseline.folder.path)
    for found in bench.found().values():
        assert (found.folder / "run" / "model.safetensors").is_file()
        assert found.missing(bench.suite) == ("traversal-consistency",)


def test_other_settings_are_another_cell(baseline: Bench, tmp_path: Path) -> None:
    bench = trained(tmp_path, "longer", "plain", settings="settings = { steps = 601 }")
    source = baseline.folder.path
    assert taken(bench, source) == [f"{source} has no finished cell that longer lacks."]
    assert states(bench) == ["waiting", "waiting"]


def test_published_cells_are_taken_if_they_have_all_scores(baseline: Bench, wider: Bench, tmp_path: Path) -> None:
    published = SuiteFolder(tmp_path / "published")
    Export(baseline, published)()
    assert len(taken(wider, published.path)) == 2
    assert states(wider) == ["done", "done"]
    assert all(found.lacks_model for found in wider.found().values())
    more = trained(tmp_path, "more", "plain", metrics='["c1-accuracy", "traversal-consistency"]')
    assert taken(more, published.path) == [f"{published.path} has no finished cell that more lacks."]


def test_attempts_are_counted_on_and_nothing_of_a_process_is_taken(baseline: Bench, wider: Bench) -> None:
    cell = cell_of(baseline, "gan", 0)
    write_attempts(baseline.folder.cell(cell), [Attempt.begin().end("failed"), Attempt.begin().end("done")])
    taken(wider, baseline.folder.path)
    folder = wider.folder.cell(cell_of(wider, "plain", 0))
    assert [attempt.outcome for attempt in read_attempts(folder)] == ["failed", "done"]
    assert not (folder / "order.json").exists()


def test_what_is_begun_or_under_way_is_left_as_it_is(baseline: Bench, wider: Bench) -> None:
    begun, under_way = cell_of(wider, "plain", 0), cell_of(baseline, "gan", 1)
    checkpoints = wider.folder.cell(begun) / "run" / "checkpoints"
    wider.folder.claim(wider.suite)
    checkpoints.mkdir(parents=True)
    this = Attempt.begin()
    write_json(baseline.folder.cell(under_way) / "heartbeat.json", {"host": this.host, "pid": this.pid})
    source = baseline.folder.path
    assert taken(wider, source) == [f"{source} has no finished cell that wider lacks."]
    assert checkpoints.is_dir()


def test_a_cell_that_was_only_ordered_is_taken(baseline: Bench, wider: Bench) -> None:
    folder = wider.folder.cell(cell_of(wider, "plain", 0))
    wider.folder.claim(wider.suite)
    folder.mkdir(parents=True)
    (folder / "order.json").write_text("{}")
    taken(wider, baseline.folder.path)
    assert states(wider) == ["done", "done"]
    assert not (folder / "order.json").exists()


def test_only_the_entries_that_are_worked_on(baseline: Bench, wider: Bench) -> None:
    bench = Bench(wider.suite, wider.folder, ("none-of-them",))
    taken(bench, baseline.folder.path)
    assert states(wider) == ["waiting", "waiting"]


def test_the_first_source_counts(baseline: Bench, wider: Bench, tmp_path: Path) -> None:
    second = tmp_path / "copy"
    shutil.copytree(baseline.folder.path, second)
    source = baseline.folder.path
    assert taken(wider, source, second) == [
        f"plain/seed-0: taken from {source}",
        f"plain/seed-1: taken from {source}",
        f"{second} has no finished cell that wider lacks.",
    ]


def test_a_list_of_cells_names_those_that_would_be_taken(baseline: Bench, wider: Bench) -> None:
    reasons = Reuse(wider, (baseline.folder.path,)).reasons()
    assert set(reasons.values()) == {f"would be taken from {baseline.folder.path}"}
    assert len(reasons) == 2
    assert not wider.folder.path.exists()


def test_a_folder_without_results_is_refused_at_once(wider: Bench, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no results of a suite"):
        Reuse(wider, (tmp_path,))


def test_a_copy_that_fails_leaves_nothing(baseline: Bench, wider: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_source: Path, target: Path, **_options: object) -> None:
        target.mkdir()
        raise OSError(28, "No space left on device")

    source = baseline.folder.cell(cell_of(baseline, "gan", 0))
    target = wider.folder.cell(cell_of(wider, "plain", 0))
    target.parent.mkdir(parents=True)
    monkeypatch.setattr(shutil, "copytree", no_space)
    with pytest.raises(StorageError, match="No space left"):
        copy_cell(source, target)
    assert not list(target.parent.iterdir())
