"""The third section: a strip for each score, in which every seed of an entry is a point that leads to its run."""

from __future__ import annotations

from collections.abc import Sequence

from disentangle_bench.reports.figures.seed_strip import Seed, StripRow, seed_strip
from disentangle_bench.reports.html.anchors import anchors
from disentangle_bench.reports.html.content import ReportContent
from disentangle_bench.reports.html.picture import Picture, picture
from disentangle_bench.reports.html.svg import Mark
from disentangle_bench.reports.suite_table import COLLAPSED, Column


def seed_strips(content: ReportContent, places: Sequence[str]) -> list[Picture]:
    """Draw a strip for each score that has a value.

    Args:
        content: of the report.
        places: the anchor of each run.
    """
    names = anchors("seeds", [column.score for column in content.table.columns])
    return [
        _strip(content, column, name, places)
        for column, name in zip(content.table.columns, names, strict=True)
        if any(summary.mean is not None for summary in (of[column.score] for of in content.table.entries.values()))
    ]


def _strip(content: ReportContent, column: Column, name: str, places: Sequence[str]) -> Picture:
    marks: dict[str, Mark] = {}
    records: list[tuple[object, ...]] = []
    seeds: dict[str, list[Seed]] = {entry: [] for entry in content.table.entries}
    for run, place in zip(content.runs, places, strict=True):
        value = content.table.entries[run.entry][column.score].values.get(run.seed)
        records.append((run.entry, run.seed, run.state, value))
        if value is not None:
            url = f"mark:{len(marks)}"
            collapsed = run.state == COLLAPSED
            marks[url] = Mark(f"{run.entry}, seed {run.seed}: {value:.4g}{', collapsed' if collapsed else ''}", place)
            seeds[run.entry].append(Seed(value, collapsed, url))
    rows = [
        StripRow(entry, seeds[entry], of[column.score].mean, of[column.score].low, of[column.score].high)
        for entry, of in content.table.entries.items()
    ]
    figure = seed_strip(rows, column.title, chance=column.chance, ceiling=column.ceiling)
    headings = ("entry", "seed", "state", column.score)
    return picture(figure, name, f"{column.score}: every seed", headings, records, marks=marks)
