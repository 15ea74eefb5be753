"""Write the page and the figures of a published suite, from what is in its folder."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from disentangle_bench.reports.suite_page import Made, SuitePage
from disentangle_bench.run import Run
from disentangle_bench.storage import write_text
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.cell import Cell
from disentangle_bench.suites.figures import write_information, write_traversals
from disentangle_bench.suites.gates import check_gates
from disentangle_bench.suites.state import Found

PAGE = "README.md"
INFORMATION = "information"


def write_page(published: Bench, source: Bench) -> None:
    """Write the page and the figures of what is published.

    Args:
        published: with all seeds that are published.
        source: where cells came from; whose models the traversals are drawn of.
    """
    found = published.found()
    runs: dict[str, list[tuple[Cell, Run]]] = {}
    for cell, of in found.items():
        if of.status:
            runs.setdefault(cell.entry, []).append((cell, Run(of.folder / "run")))
    figures = published.folder.path / "figures"
    write_information({entry: [run for _, run in of] for entry, of in runs.items()}, figures)
    for entry, ((first, _), *_others) in runs.items():
        run = Run(source.folder.cell(first) / "run")
        if run.model_file.is_file() and run.results_file.is_file():
            write_traversals(entry, run, figures)
    table = published.table()
    page = SuitePage(
        published.suite.title or published.suite.name,
        table,
        published.table(every=True),
        _commands(published, source),
        [str(gate) for gate in check_gates(published.suite, table, without=None)],
        _made(published, found),
        {cell.entry: cell.recipe.published for cell in found if cell.recipe is not None},
        _figures(figures),
    )
    write_text(published.folder.path / PAGE, page.to_markdown())


def _commands(published: Bench, source: Bench) -> list[str]:
    """The commands that make, publish and print the results."""
    suite, seeds = published.suite, published.suite.seeds
    more = [] if seeds == source.suite.seeds else ["--seeds", ",".join(map(str, seeds))]
    changed = [word for key, value in suite.variant.items() for word in ("--set", f"{key}={value}")]
    folder = published.folder.path
    shown = folder.name if folder.is_absolute() else folder.as_posix()
    name = suite.argument
    lines = [["run", name, *more], ["export", name, shown], ["table", name, *more, "--out", shown]]
    return [shlex.join(["dbench", "bench", *words, *changed]) for words in lines]


def _made(published: Bench, found: Mapping[Cell, Found]) -> list[Made]:
    states = {planned.cell: planned for planned in published.plan()}
    return [
        Made(
            cell.entry,
            cell.seed,
            states[cell].state,
            of.seconds,
            len(of.attempts),
            Run(of.folder / "run").provenance() if of.status else {},
        )
        for cell, of in sorted(found.items(), key=lambda pair: (pair[0].entry, pair[0].seed))
        if of.attempts
    ]


def _figures(folder: Path) -> dict[str, str]:
    """Title -> path of each figure that is there, the curves first."""
    names = sorted((path.stem for path in folder.glob("*.png")), key=lambda name: (name != INFORMATION, name))
    titles = {INFORMATION: "What updates reported of each code over training"}
    return {titles.get(name, f"Traversal {name}"): f"{folder.name}/{name}.png" for name in names}
