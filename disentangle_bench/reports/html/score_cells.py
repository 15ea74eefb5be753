"""The table of the report: entries by scores, each cell shaded by where it lies between chance and ceiling."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from disentangle_bench.reports.html.content import Card, ReportContent
from disentangle_bench.reports.html.forms import Forms
from disentangle_bench.reports.numbers import decimals_for, say, say_interval
from disentangle_bench.reports.suite_table import (
    Column,
    Summary,
    difference_line,
    heading_lines,
    worst_line,
)
from disentangle_bench.reports.tables import to_csv, to_latex, to_markdown


@dataclass(frozen=True)
class Heading:
    """The heading of a column, with its card.

    Attributes:
        column: the score.
        metric, variant: whose it is, such as `mutual-information` and `fresh`.
        levels: chance and ceiling as text, and the version if it is not the one that is installed.
        card: what the metric is.
        settings: those of the metric, as text.
        arrow: what is better.
    """

    column: Column
    metric: str
    variant: str
    levels: Sequence[str]
    card: Card
    settings: str
    arrow: str


@dataclass(frozen=True)
class ScoreCell:
    """One cell.

    Attributes:
        mean, interval: as text; `mean` is empty where no seed has a value.
        letters: of the tie groups.
        share: where the mean lies between chance (0) and ceiling (1) of this entry's dataset; None if that is unknown.
        rank: the mean, for sorting.
        difference, verdict: to the baseline.
        worst: the worst seed, and how many have a value.
        complete: whether every seed has a value.
    """

    mean: str
    interval: str
    letters: str
    share: float | None
    rank: float | None
    difference: str
    verdict: str
    worst: str
    complete: bool


@dataclass(frozen=True)
class ScoreRow:
    """One entry of the table."""

    entry: str
    role: str
    states: str
    cells: Sequence[ScoreCell]


@dataclass(frozen=True)
class ScoreTable:
    """The second section."""

    headings: Sequence[Heading]
    rows: Sequence[ScoreRow]
    forms: Forms
    notes: Sequence[str]


ARROWS = {"higher": "higher is better", "lower": "lower is better", "neither": "neither high nor low is better"}


def score_table(content: ReportContent) -> ScoreTable:
    """Collect the table."""
    table = content.table
    return ScoreTable(
        [_heading(column, content) for column in table.columns],
        [
            ScoreRow(
                name,
                "baseline" if name in table.baselines.values() else "",
                table.states(name),
                [_cell(scores[column.score], column, _levels(content, name, column)) for column in table.columns],
            )
            for name, scores in table.entries.items()
        ],
        Forms("scores", to_csv(table), to_markdown(table), to_latex(table)),
        table.notes,
    )


def _heading(column: Column, content: ReportContent) -> Heading:
    found = next((run.scores[column.score] for run in content.runs if column.score in run.scores), {})
    settings = found.get("settings") or {}
    return Heading(
        column,
        column.metric,
        column.metric.partition("/")[2],
        heading_lines(column)[1:],
        content.cards.get(column.metric, Card()),
        ", ".join(f"{key} = {value}" for key, value in settings.items() if value is not None and key != "seed"),
        ARROWS.get(column.better, ""),
    )


def _levels(content: ReportContent, entry: str, column: Column) -> tuple[float, float] | None:
    """Chance and ceiling of a score on the data of one entry: the means over its seeds."""
    found = [run.scores[column.score] for run in content.runs if run.entry == entry and column.score in run.scores]
    known = [[of[level] for of in found if of.get(level) is not None] for level in ("chance", "ceiling")]
    if not all(known):
        return None
    chance, ceiling = map(statistics.fmean, known)
    return None if chance == ceiling else (chance, ceiling)


def share_of(value: float | None, levels: tuple[float, float] | None) -> float | None:
    """Where a value lies between chance (0) and ceiling (1), whichever of the two is larger; cut at both ends."""
    if value is None or levels is None:
        return None
    chance, ceiling = levels
    return min(max((value - chance) / (ceiling - chance), 0.0), 1.0)


def _cell(summary: Summary, column: Column, levels: tuple[float, float] | None) -> ScoreCell:
    decimals = decimals_for(summary.low, summary.high)
    worst = worst_line(summary)
    difference = summary.difference
    return ScoreCell(
        "" if summary.mean is None else say(summary.mean, decimals),
        say_interval(summary.low, summary.high, decimals),
        summary.letters,
        share_of(summary.mean, levels) if column.better != "neither" else None,
        summary.mean,
        difference_line(replace(difference, verdict="")) if difference else "",
        difference.verdict if difference else "",
        ", ".join(filter(None, (worst and f"worst {worst}", f"n = {summary.count}"))),
        all(value is not None for value in summary.values.values()),
    )
