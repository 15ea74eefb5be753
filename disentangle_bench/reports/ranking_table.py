"""A ranking as a table: one row per model, with its score and rank by each criterion."""

from __future__ import annotations

from operator import add
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from disentangle_bench.evaluation.ranking import ADVISED, Ranking
from disentangle_bench.reports.numbers import PLAIN_DECIMALS, say
from disentangle_bench.reports.text_table import TextTable


def table(ranking: Ranking) -> RenderableType:
    """Lay out models from best to worst for a terminal, with notes on how to read the ranks."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in _headings(ranking):
        grid.add_column(heading, justify="left" if heading == "Model" else "right", overflow="fold")
    for row in _rows(ranking):
        grid.add_row(*map(Text, row))
    notes = [Text(note, style="dim") for note in reading_notes(ranking)]
    return Group(grid, Text(), *notes)


def text_table(ranking: Ranking) -> TextTable:
    """Lay out the ranking in texts."""
    return TextTable(_headings(ranking), _rows(ranking), left=("Model",), notes=reading_notes(ranking))


def records(ranking: Ranking) -> list[dict[str, Any]]:
    """Make one plain record per model, unrounded, for CSV."""
    records = []
    for model in ranking.models:
        record: dict[str, Any] = {"model": model.name, "mean_rank": model.mean_rank}
        for criterion, place in zip(ranking.criteria, model.places, strict=True):
            record |= {criterion: place.score, f"{criterion}: rank": place.rank, f"{criterion}: reason": place.reason}
        records.append(record)
    return records


def reading_notes(ranking: Ranking) -> list[str]:
    """Say what the ranks mean, and how far to trust them."""
    notes = [f"Scores over {ranking.samples} samples, ranks in brackets; no labels were used."]
    if len(ranking.models) < ADVISED:
        notes.append(f"With fewer than {ADVISED} models such ranks say little.")
    if ranking.unchecked:
        notes.append(f"Without factors, so taken to be of the same samples: {', '.join(ranking.unchecked)}.")
    for criterion, places in zip(ranking.criteria, zip(*(m.places for m in ranking.models), strict=True), strict=True):
        for model, place in zip(ranking.models, places, strict=True):
            if place.score is None:
                notes.append(f"No {criterion} for {model.name}: {place.reason}.")
    return notes


def _headings(ranking: Ranking) -> list[str]:
    return ["Model", "Mean rank", *ranking.criteria]


def _rows(ranking: Ranking) -> list[list[str]]:
    rows = []
    for model in ranking.models:
        scores = [say(place.score, PLAIN_DECIMALS) for place in model.places]
        ranks = ["" if place.rank is None else f" ({place.rank})" for place in model.places]
        rows.append([model.name, say(model.mean_rank, 1), *map(add, scores, ranks)])
    return rows
