"""Gather what the HTML report of a suite, of the folder of its results, or of single runs is made of."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from disentangle_bench.recipe import Recipe
from disentangle_bench.reports.html import EntryFacts, ReportContent, RunFacts
from disentangle_bench.reports.suite_table import SuiteTable
from disentangle_bench.run import Run
from disentangle_bench.storage import parse_json
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.cards import metric_cards
from disentangle_bench.suites.cell import Cell
from disentangle_bench.suites.found_run import FoundRun
from disentangle_bench.suites.named_runs import named_runs
from disentangle_bench.suites.state import Found
from disentangle_bench.suites.suite import Entry, Suite
from disentangle_bench.suites.table import table_of
from disentangle_bench.suites.versions import installed_versions

BASELINE = "gan-with-q"
"""The model that is the baseline of others, where runs of it and of others are reported together."""


def content_of_suite(bench: Bench, accepted: Path | None = None) -> ReportContent:
    """Gather the results of a suite.

    Args:
        bench: the suite and the folder of its results.
        accepted: the accepted results that gates compare with; by default those in the folder.

    Raises:
        DbenchError: a recipe that no longer exists, or accepted results that cannot be read.
    """
    found = bench.found()
    table = table_of(bench.suite, found, installed_versions())
    return ReportContent(
        title=table.title,
        table=_without_empty(table),
        command=_command(bench.suite, sorted({cell.seed for cell in found})),
        entries=_entries(bench.suite.entries, {cell.entry: cell.recipe for cell in found}),
        runs=_runs(table, found, bench.folder.path, "run"),
        gates=tuple(bench.check_gates(table, accepted)),
        cards=metric_cards(),
    )


def content_of_runs(runs: Sequence[Run]) -> ReportContent:
    """Gather the results of runs; those of one recipe at different seeds are one entry.

    Raises:
        DbenchError: a recipe cannot be read.
    """
    named = named_runs(runs)
    recipes = {cell.entry: cell.recipe for cell in named}
    baseline = [name for name, recipe in recipes.items() if recipe is not None and recipe.model.name == BASELINE]
    suite = Suite.model_construct(
        name=", ".join(recipes),
        version=0,
        seeds=tuple(sorted({cell.seed for cell in named})),
        metrics="all",
        baseline=baseline[0] if len(baseline) == 1 and len(recipes) > 1 else None,
        entries={
            name: Entry.model_construct(recipe=recipe.name if recipe else None) for name, recipe in recipes.items()
        },
        gates=(),
    )
    found: dict[Cell, Found] = {cell: FoundRun.of(run) for cell, run in named.items()}
    table = table_of(suite, found, installed_versions())
    return ReportContent(
        title=table.title,
        table=_without_empty(table),
        command="\n".join(map(_command_of, runs)),
        entries=_entries(suite.entries, recipes),
        runs=_runs(table, found, None, ""),
        cards=metric_cards(),
    )


def _without_empty(table: SuiteTable) -> SuiteTable:
    """Leave out the scores that no cell has a value of; a note of the table names them with the reason."""
    shown = [
        column
        for column in table.columns
        if any(value is not None for of in table.entries.values() for value in of[column.score].values.values())
    ]
    return replace(table, columns=tuple(shown))


def _entries(entries: Mapping[str, Entry], recipes: Mapping[str, Recipe | None]) -> dict[str, EntryFacts]:
    facts = {name: EntryFacts(name) for name in entries}
    for name in entries:
        if recipe := recipes.get(name):
            facts[name] = EntryFacts(
                name,
                title=recipe.title,
                recipe=recipe.name,
                model=recipe.model.name,
                dataset=recipe.dataset.name,
                source=recipe.source,
                settings=recipe.dotted_values(),
                published=dict(recipe.published),
            )
    return facts


def _runs(table: SuiteTable, found: Mapping[Cell, Found], base: Path | None, run: str) -> tuple[RunFacts, ...]:
    """List the cells; `run` names the folder of a cell's run within the cell's."""
    states = {(row.entry, row.seed): row for row in table.cells}
    facts = []
    for cell, of in found.items():
        row = states[cell.entry, cell.seed]
        folder = of.folder if cell.recipe is None else of.folder / run
        place = of.folder.name if base is None else of.folder.relative_to(base).as_posix()
        facts.append(
            RunFacts(
                cell.entry, cell.seed, row.state, row.reason, place, folder, of.scores, _provenance(folder), of.seconds
            )
        )
    return tuple(facts)


def _provenance(folder: Path) -> dict[str, Any]:
    try:
        values = parse_json(Run(folder).provenance_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _command(suite: Suite, seeds: Sequence[int]) -> str:
    """The command that makes the results again."""
    changed = [word for key, value in suite.variant.items() for word in ("--set", f"{key}={value}")]
    return shlex.join(["dbench", "bench", "run", suite.argument, "--seeds", ",".join(map(str, seeds)), *changed])


def _command_of(run: Run) -> str:
    """The command that trains a run again, from the recipe in its folder."""
    recipe = (Path(run.path.parent.name) / run.path.name / run.recipe_file.name).as_posix()
    options = run.provenance().get("options", ())
    given = map(str, options) if isinstance(options, list) else ()
    return shlex.join(["dbench", "train", recipe, "--seed", str(run.seed), *given])
