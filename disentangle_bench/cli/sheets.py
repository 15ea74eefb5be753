"""One thing on one page: what `dbench show` and `dbench env` print."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from disentangle_bench.cli.kinds import Sheet
from disentangle_bench.cli.kinds.models import recipe_settings
from disentangle_bench.cli.output import print_result

if TYPE_CHECKING:
    from disentangle_bench.run import Run


def print_sheet(name: str, kind: str, sheet: Sheet) -> None:
    """Print one sheet on standard output."""
    print_result(Text.assemble((name, "bold cyan"), f"  {kind}\n{sheet.title}\n"))
    settings = {key: "unset" if value is None else f"= {json.dumps(value)}" for key, value in sheet.settings.items()}
    sections = {"": sheet.info, "Factors": sheet.factors, "Scores": sheet.scores, "Settings": settings}
    print_sections(sections | {"Published": sheet.published, "Obtained": sheet.obtained})
    if sheet.files:
        print_result(Text("\nFiles and their SHA-256", style="bold"))
        for file, digest in sheet.files.items():
            print_result(Text.assemble((f"  {file}", "cyan"), f"\n    {digest}"))


def print_run(path: Path) -> None:
    """Print what a run folder holds on standard output."""
    from disentangle_bench.run import Run

    run = Run.open(path, finished=False)
    recipe, log, provenance = run.recipe, run.log(), run.provenance()
    info = {
        "recipe": recipe.name,
        "model": recipe.model.name,
        "dataset": recipe.dataset.name,
        "seed": str(run.seed),
        "status": run.verdict,
        "steps": f"{log[-1]['step'] if log else 0:,} of {recipe.steps:,}",
        "begun": str(provenance.get("time", "unknown")),
        "command": " ".join(provenance.get("command", [])),
        "files": ", ".join(sorted(part.name for part in path.iterdir() if not part.name.startswith("."))),
    }
    settings = recipe_settings(recipe)
    sheet = Sheet(recipe.title, info, settings=settings, published=recipe.published, scores=headlines(run))
    print_sheet(str(path), "run", sheet)


def headlines(run: Run) -> dict[str, str]:
    """The headline of each metric that the run was evaluated with: value, unit and interval."""
    if not run.results_file.is_file():
        return {}
    from disentangle_bench.evaluation.results import Results
    from disentangle_bench.reports.score_table import say_entry

    said = {name: say_entry(entry) for name, entry in Results.load(run.results_file).headlines().items()}
    return {name: " ".join(filter(None, (of.value, of.unit, of.interval))) for name, of in said.items()}


def print_sections(sections: Mapping[str, Mapping[str, Any]]) -> None:
    """Print labels and values under headings on standard output, a blank line between sections; skip empty ones."""
    shown = {heading: pairs for heading, pairs in sections.items() if pairs}
    for number, (heading, pairs) in enumerate(shown.items()):
        if number:
            print_result("\n")
        if heading:
            print_result(Text(heading, style="bold"))
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="cyan", no_wrap=True)
        grid.add_column(overflow="fold")
        for key, value in pairs.items():
            grid.add_row(f"  {key}", Text(str(value)))
        print_result(grid)
