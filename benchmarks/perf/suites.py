"""How soon `dbench` answers where all is done: the table and the report of a thousand cells, and the suite `smoke`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.perf.timing import Row, Spread, report
from benchmarks.perf.training import Plan
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.cell import Cell

RESULTS = Path(__file__).parents[1] / "results" / "smoke"
ENTRIES = 10
MOST_SECONDS_OF_TABLE, MOST_SECONDS_OF_REPORT, MOST_SECONDS_OF_RUN = 5, 30, 3


def measure(plan: Plan) -> str:
    """The report, in Markdown."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        suite = folder / "many.toml"
        suite.write_text(suite_of(ENTRIES, plan.cells // ENTRIES), encoding="utf-8")
        make_cells(suite, folder / "many")
        shutil.copytree(RESULTS, folder / "smoke")
        many, page = folder / "many", folder / "many.html"
        table, whole = f"a table of {plan.cells:,} cells", f"a report of {plan.cells:,} cells"
        run = "`dbench bench run smoke`, all done"
        commands = {
            table: ["bench", "table", suite, "--out", many],
            whole: ["report", suite, "--results", many, "--out", page],
            run: ["bench", "run", "smoke", "--out", folder / "smoke"],
        }
        calls = {name: partial(dbench, *map(str, words)) for name, words in commands.items()}
        seconds = plan.interleave(calls)
    targets = {table: MOST_SECONDS_OF_TABLE, whole: MOST_SECONDS_OF_REPORT, run: MOST_SECONDS_OF_RUN}
    rows = [
        Row(f"seconds of {name}", Spread.of(values), target=f"under {targets[name]}")
        for name, values in seconds.items()
    ]
    return report("Suites of which everything is done", rows)


def dbench(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "disentangle_bench", *words], check=True, capture_output=True)


def suite_of(entries: int, seeds: int) -> str:
    """A suite of recipes that differ in one learning rate."""
    metrics = ["c1-accuracy", "mutual-information", "mutual-information/fresh", "traversal-consistency"]
    lines = ['name = "many"', "version = 1", f"seeds = {list(range(seeds))}", f"metrics = {metrics}"]
    lines.append('baseline = "entry-0"')
    for number in range(entries):
        settings = f'{{ steps = 600, "optimizer.G.lr" = {0.001 + number / 1e5:.5f} }}'
        lines += [f"[entries.entry-{number}]", 'recipe = "infogan-digits"', f"settings = {settings}"]
    return "\n".join(lines) + "\n"


def make_cells(suite: Path, out: Path) -> None:
    """Make finished cells: published scores of `smoke`, with noise, each in the files that a cell of its own has."""
    bench = Bench.open(str(suite), out=out)
    bench.folder.claim(bench.suite)
    template = published_cell()
    for cell in bench.found():
        place = bench.folder.cell(cell)
        shutil.copytree(template, place)
        for name, content in contents(template, cell):
            (place / "run" / name).write_text(json.dumps(content, indent=2), encoding="utf-8")


def published_cell() -> Path:
    return next(iter(sorted((RESULTS / "cells" / "infogan").iterdir())))


def contents(template: Path, cell: Cell) -> Iterator[tuple[str, dict[str, Any]]]:
    """The files of a cell that the template's do not stand for."""
    rng = np.random.default_rng([cell.seed, int(cell.identity, 16)])
    results = json.loads((template / "run" / "results.json").read_text(encoding="utf-8"))
    results["subject"]["seed"] = cell.seed
    for score in results["scores"].values():
        if score["value"] is not None:
            score["value"] += 0.05 * rng.standard_normal()
    yield "results.json", results
    provenance = json.loads((template / "run" / "provenance.json").read_text(encoding="utf-8"))
    yield "provenance.json", provenance | {"seed": cell.seed}
