"""The scores of one subject as a table: value, 95 % interval, chance and ceiling of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.text import Text

from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.reports.grid import Column, Grid, Line, stack
from disentangle_bench.reports.markdown import markdown_table
from disentangle_bench.reports.numbers import decimals_for, is_count, say, say_interval, say_optional

HEADINGS = ("Score", "Value", "95 % interval", "Chance", "Ceiling")
FIELDS = (
    "metric",
    "component",
    "code",
    "value",
    "low",
    "high",
    "chance",
    "ceiling",
    "unit",
    "better",
    "version",
    "seconds",
    "reason",
)


class Said(NamedTuple):
    """A score's numbers as text, rounded to what its interval supports."""

    value: str
    unit: str
    interval: str
    chance: str
    ceiling: str


def say_entry(entry: ScoreEntry) -> Said:
    """The numbers of a score as text."""
    count = is_count((entry.value, entry.low, entry.high, entry.ceiling))
    decimals = 0 if count else decimals_for(entry.low, entry.high)
    return Said(
        say(entry.value, decimals),
        entry.unit if entry.value is not None else "",
        say_interval(entry.low, entry.high, decimals),
        say_optional(entry.chance, max(decimals, 1) if count else decimals),
        say_optional(entry.ceiling, decimals),
    )


def table(results: Results) -> RenderableType:
    """For the terminal: the subject, its scores under their metrics, and why some have no value."""
    columns = (
        Column("Value", "point", style="bold"),
        Column("", "left", style="dim"),
        Column("95 % interval"),
        Column("Chance", "point"),
        Column("Ceiling", "point"),
    )
    silent = _silent(results)
    lines = [
        Line(entry.metric, "" if entry.metric in silent else entry.part, say_entry(entry))
        for entry in _gathered(results).values()
    ]
    grid = Grid(columns, lines)
    notes = [Text(note, style="dim") for note in reading_notes(results)]
    return Group(*stack(Text(describe(results.subject), style="bold"), grid, Group(*notes) if notes else None))


def describe(subject: Mapping[str, Any]) -> str:
    """The subject's name and what a reader needs to know of it."""
    extras = [f"{key} {subject[key]}" for key in ("model", "dataset", "samples", "status") if key in subject]
    name = str(subject.get("name", "subject"))
    return f"{name} ({', '.join(extras)})" if extras else name


def reading_notes(results: Results) -> list[str]:
    """Why some scores have no value: each reason once, before the names of its scores, or of metrics that have none."""
    names: dict[str, list[str]] = {}
    for name, entry in _gathered(results).items():
        if entry.value is None:
            names.setdefault(entry.reason, []).append(name)
    return [f"No value ({reason}): {', '.join(of)}." for reason, of in names.items()]


def _gathered(results: Results) -> dict[str, ScoreEntry]:
    """The scores by name; a metric all of whose parts lack a value for one reason stands there once, by its own."""
    silent = _silent(results)
    return {entry.metric if entry.metric in silent else name: entry for name, entry in results.scores.items()}


def _silent(results: Results) -> set[str]:
    """The metrics all of whose scores lack a value for one reason."""
    return {
        metric
        for metric, scores in results.by_metric().items()
        if all(entry.value is None for entry in scores.values())
        and len({entry.reason for entry in scores.values()}) == 1
    }


def markdown(results: Results) -> str:
    """For a README or a job summary."""
    rows = []
    for name, entry in results.scores.items():
        said = say_entry(entry)
        rows.append((name, f"{said.value} {said.unit}".strip(), *said[2:]))
    notes = "".join(f"\n{note}\n" for note in reading_notes(results))
    return markdown_table(HEADINGS, rows, left=HEADINGS[:1]) + notes


def records(results: Results) -> list[dict[str, Any]]:
    """One plain record a score, unrounded, for CSV."""
    return [
        {"score": name, **{field: getattr(entry, field) for field in FIELDS}} for name, entry in results.scores.items()
    ]
