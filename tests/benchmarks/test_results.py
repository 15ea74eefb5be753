"""What is published in benchmarks/results is what the pages say, small, and of the suites as they are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks import paper, readme
from disentangle_bench.evaluation.results import Results
from disentangle_bench.reports.tables import to_markdown
from disentangle_bench.run import Run
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.cell import cells_of
from disentangle_bench.suites.export import Export
from disentangle_bench.suites.find import find_suite
from disentangle_bench.suites.folder import SuiteFolder
from disentangle_bench.suites.state import COMPLETE

ROOT = Path(__file__).parents[2]
FOLDERS = [path.parent for path in sorted((ROOT / "benchmarks" / "results").glob("*/suite.json"))]
MOST_BYTES, MOST_BYTES_A_CELL, MOST_BYTES_A_FIGURE = 500_000, 250_000, 200_000

each = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def opened(folder: Path) -> Bench:
    """A published suite, of all seeds that are there."""
    bench = Bench.open(folder.name, out=folder)
    return Bench(bench.suite.with_seeds(tuple(sorted({*bench.suite.seeds, *bench.folder.seeds()}))), bench.folder)


def test_smoke_is_published():
    assert "smoke" in [folder.name for folder in FOLDERS]


@pytest.mark.parametrize("page", readme.PAGES)
def test_the_pages_show_what_is_published(page):
    """`python -m benchmarks.readme` writes them."""
    assert readme.results(page) in (ROOT / page).read_text(encoding="utf-8")


def test_the_page_of_the_paper_shows_what_is_published():
    """`python -m benchmarks.paper` writes it."""
    assert paper.claims() in paper.PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("claim", paper.CLAIMS, ids=lambda claim: f"{claim.where}: {claim.says}")
def test_a_claim_is_about_what_its_suite_measures(claim):
    """An entry that is not there would read as never run."""
    suite = find_suite(claim.suite)
    assert claim.entry in suite.entries
    if (ROOT / "benchmarks" / "results" / claim.suite).is_dir():
        assert claim.values(claim.entry)
        assert None not in claim.values(claim.entry)
        assert (ROOT / "benchmarks" / "results" / claim.suite / "figures" / claim.figure).is_file()


def test_the_pages_numbers_are_those_of_the_files():
    """Without any of the code that makes tables."""
    files = sorted((ROOT / "benchmarks/results/paper-mnist/cells/infogan").glob("seed-*/run/results.json"))
    errors = [json.loads(path.read_text())["scores"]["c1-accuracy.error"]["value"] for path in files]
    line = next(line for line in paper.PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| 7.2 "))
    assert f"({', '.join(f'{error:.3f}' for error in errors)})" in line
    assert f"{sum(error <= 0.05 for error in errors)} of {len(errors)} seed" in line


def test_the_numbers_of_the_results_are_those_of_the_files():
    """Without any of the code that makes tables: each seed's number, and the one in the middle of three."""
    values = {}
    for path in sorted((ROOT / "benchmarks/results/smoke").glob("cells/*/seed-*/run/results.json")):
        found = json.loads(path.read_text())["scores"]["c1-accuracy.accuracy"]["value"]
        values.setdefault(path.parents[2].name, []).append(found)
    lines = (ROOT / "docs/results.md").read_text(encoding="utf-8").split("(`dbench bench run smoke`")[-1].splitlines()
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
    cells = sum(path.name == "results.json" for path in files)
    drawn = [path for path in files if path.suffix == ".png"]
    written = [path for path in files if path not in drawn]
    assert sum(path.stat().st_size for path in written) < MOST_BYTES + cells * MOST_BYTES_A_CELL
    assert all(path.stat().st_size < MOST_BYTES_A_FIGURE for path in drawn)
    assert not [path for path in files if path.suffix in (".safetensors", ".h5", ".pt")]
    for path in files:
        if path.suffix in (".json", ".jsonl", ".toml", ".md"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r'"(host|pid|platform|command)"|/tmp/|/home/|/root/', text), path
