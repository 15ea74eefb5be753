"""What is published in benchmarks/results is what the pages say, small, and of the suites as they are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks import readme
from disentangle_bench.evaluation.results import Results
from disentangle_bench.reports.tables import to_markdown
from disentangle_bench.run import Run
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.cell import cells_of
from disentangle_bench.suites.export import Export
from disentangle_bench.suites.folder import SuiteFolder
from disentangle_bench.suites.state import COMPLETE

ROOT = Path(__file__).parents[2]
FOLDERS = [path.parent for path in sorted((ROOT / "benchmarks" / "results").glob("*/suite.json"))]
MOST_BYTES = 1_000_000

each = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def opened(folder: Path) -> Bench:
    """A published suite, of all seeds that are there."""
    bench = Bench.open(folder.name, out=folder)
    return Bench(bench.suite.with_seeds(tuple(sorted({*bench.suite.seeds, *bench.folder.seeds()}))), bench.folder)


def test_smoke_is_published():
    assert "smoke" in [folder.name for folder in FOLDERS]


def test_the_readme_shows_what_is_published():
    """`python -m benchmarks.readme` writes it."""
    assert readme.results() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readmes_numbers_are_those_of_the_files():
    """Without any of the code that makes tables: each seed's number, and the one in the middle of three."""
    values = {}
    for path in sorted((ROOT / "benchmarks/results/smoke").glob("cells/*/seed-*/run/results.json")):
        found = json.loads(path.read_text())["scores"]["c1-accuracy.accuracy"]["value"]
        values.setdefault(path.parents[2].name, []).append(found)
    lines = (ROOT / "README.md").read_text(encoding="utf-8").split("(`dbench bench run smoke`")[-1].splitlines()
    row = [line for line in lines if line.startswith("| c1-to-digit accuracy")][-1]
    for entry, place in (("gan-with-q", 3), ("infogan", 4)):
        seeds = [f"{value:.3f}" for value in values[entry]]
        assert row.split("|")[place].strip() == f"{sorted(seeds)[1]} ({', '.join(seeds)})"


@each
def test_every_cell_is_of_the_suite_as_it_is(folder):
    """If this fails, a recipe, a dataset or the version of the training code has changed: train and publish anew."""
    bench = opened(folder)
    places = {bench.folder.cell(cell) for cell in cells_of(bench.suite)}
    assert bench.folder.cell_folders()
    assert set(bench.folder.cell_folders()) <= places


@each
def test_the_page_is_that_of_the_cells(folder):
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert to_markdown(opened(folder).table()) in page
    for target in re.findall(r"\]\(([^)]+)\)", page):
        assert (folder / target).is_file()
    assert f"dbench bench export {folder.name} benchmarks/results/{folder.name}\n" in page


@each
def test_cells_can_be_read_and_are_not_trained_again(folder, tmp_path):
    bench = opened(folder)
    done = [planned.cell for planned in bench.plan() if planned.state in COMPLETE]
    for cell in done:
        run = Run(bench.folder.cell(cell) / "run")
        assert (run.seed, run.recipe.training_values()) == (cell.seed, cell.recipe.training_values())
        assert Results.load(run.results_file).scores
        assert run.log()
    copy = Export(bench, SuiteFolder(tmp_path / "again"))()
    assert [planned.state for planned in copy.plan()] == [planned.state for planned in bench.plan()]


@each
def test_folders_are_small_and_name_no_machine(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
    assert not [path for path in files if path.suffix in (".safetensors", ".h5", ".pt")]
    for path in files:
        if path.suffix in (".json", ".jsonl", ".toml", ".md"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r'"(host|pid|platform|command)"|/tmp/|/home/|/root/', text), path
