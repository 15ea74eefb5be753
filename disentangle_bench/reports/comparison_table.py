"""A comparison as a table: one row a score, the value of each subject, and each difference to the first."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from disentangle_bench.evaluation.comparison import Comparison, Difference, Row, Side, Value
from disentangle_bench.reports.grid import Column, Grid, Line, stack
from disentangle_bench.reports.markdown import markdown_table
from disentangle_bench.reports.numbers import (
    MISSING,
    PLAIN_DECIMALS,
    decimals_for,
    is_count,
    say,
    say_interval,
    say_p,
    say_signed,
)

FIELDS = ("score", "metric", "component", "code", "unit", "better")
FIELDS = ("score", "metric", "component", "code", "unit", "better")
FIELDS = ("score", "metric", "component", "code", "unit", "better")
_STYLES = {"better": "green", "worse": "red", "differs": "yellow"}
_VERDICT = Column("Verdict", "left", least=13)


def letters(count: int) -> list[str]:
    """`A`, `B`, ...: what the table calls the subjects; `S1`, `S2`, ... where the alphabet is too short."""
    return list(ascii_uppercase[:count]) if count <= len(ascii_uppercase) else [f"S{n + 1}" for n in range(count)]


def table(comparison: Comparison) -> RenderableType:
    """For the terminal: who is compared, the rows, and how to read them.

    Two runs stand side by side, one line a score; more of them, or groups over seeds, below each other.
    """
    names = letters(len(comparison.subjects))
    who = [
        Text(f"{name}  {_describe(side)}", style="bold") for name, side in zip(names, comparison.subjects, strict=True)
    ]
    notes = [Text(note, style="dim") for note in reading_notes(comparison)]
    pair = len(names) == 2 and all(len(side.seeds) == 1 for side in comparison.subjects)
    return Group(*stack(Group(*who), _pair(comparison) if pair else _list(comparison), Group(*notes)))


def _pair(comparison: Comparison) -> Grid:
    columns = (Column("A", "point"), Column("B", "point"), Column("B - A"), _VERDICT)
    lines = []
    for row in comparison.rows:
        values = [_say_value(value) for value in row.values]
        cells: list[str | Text] = [*values, *_say_differences(row), _colour(row.differences[0])]
        lines.append(Line(row.metric, row.part, cells, unit=_unit(row)))
    return Grid(columns, lines)


def _list(comparison: Comparison) -> Grid:
    columns = (Column("", "left"), Column("Value", "left"), Column("Difference to A"), _VERDICT)
    names = letters(len(comparison.subjects))
    lines = []
    for row in comparison.rows:
        for place, (name, value) in enumerate(zip(names, row.values, strict=True)):
            tail = (_say_differences(row)[place - 1], _colour(row.differences[place - 1])) if place else ("", "")
            lines.append(
                Line(row.metric, row.part, (name, _say_value(value), *tail), labelled=place == 0, unit=_unit(row))
            )
    return Grid(columns, lines)


def _unit(row: Row) -> str:
    return row.unit if any(value.value is not None for value in row.values) else ""


def _say_value(value: Value) -> str:
    runs = [run for run in value.runs if run is not None]
    count = is_count(runs)
    if len(value.runs) == 1 or value.value is None:
        return say(value.value, 0 if count else decimals_for(value.low, value.high))
    least, greatest = min(runs), max(runs)
    decimals = min(decimals_for(least, greatest), PLAIN_DECIMALS)
    ends = [say(end, 0 if count else decimals) for end in (least, greatest)]
    return ends[0] if ends[0] == ends[1] else f"{say(value.value, max(decimals, 1))} ({ends[0]}..{ends[1]})"


def _say_differences(row: Row) -> list[str]:
    counts = is_count(run for value in row.values for run in value.runs)
    return [_say_difference(difference, counts) for difference in row.differences]


def _say_difference(difference: Difference, counts: bool) -> str:
    if difference.value is None:
        return ""
    ends = difference.low, difference.high
    decimals = 0 if counts and difference.low is None else decimals_for(*ends)
    return f"{say_signed(difference.value, decimals)} {say_interval(*ends, decimals)}".strip()


def _colour(difference: Difference) -> Text:
    return Text(difference.verdict, style=_STYLES.get(difference.verdict, "dim"))


def _describe(side: Side) -> str:
    seeds = ", ".join(str(seed) for seed in side.seeds if seed is not None)
    over = f": mean (range) of {len(side.seeds)} runs, seeds {seeds}" if len(side.seeds) > 1 else ""
    states = zip(side.seeds, side.statuses, strict=True)
    unsound = "; ".join(f"seed {seed} {status}" for seed, status in states if status not in ("", "ok"))
    return f"{side.name}{over} ({unsound})" if unsound else f"{side.name}{over}"


def reading_notes(comparison: Comparison) -> list[str]:
    """What the intervals cover, what the verdicts are corrected for, and why some rows have none."""
    spreads = {difference.spread for row in comparison.rows for difference in row.differences}
    notes = []
    if "test samples" in spreads:
        notes.append("Intervals: 95 %, over test samples; other seeds may differ by more.")
    if "seeds" in spreads:
        notes.append("Intervals: 95 %, over seeds.")
    if "test samples" in spreads or "seeds" in spreads:
        notes.append(
            f"Verdicts: at 5 % after Holm's correction, over the {comparison.headlines} differences of headlines (the "
            "first score of each metric) and over the other scores of each metric among themselves."
        )
    return notes + _reasons(comparison)


def _reasons(comparison: Comparison) -> list[str]:
    names = letters(len(comparison.subjects))
    rows: dict[str, list[Row]] = {}
    for row in comparison.rows:
        said: dict[str, list[str]] = {}
        for name, value in zip(names, row.values, strict=True):
            if value.value is None:
                said.setdefault(f"No value ({value.reason})", []).append(name)
        for place, (name, difference) in enumerate(zip(names[1:], row.differences, strict=True), start=1):
            if difference.p is None and row.values[0].value is not None and row.values[place].value is not None:
                said.setdefault(f"No interval ({difference.reason})", []).append(name)
        for reason, of in said.items():
            rows.setdefault(f"{reason} in {', '.join(of)}", []).append(row)
    return [f"{reason}: {', '.join(_together(of, comparison.rows))}." for reason, of in rows.items()]


def _together(rows: Sequence[Row], known: Sequence[Row]) -> list[str]:
    """These scores by name; where they are all that is known of a metric of several, the metric's name for them."""
    named = []
    for metric in dict.fromkeys(row.metric for row in rows):
        own, all_of_it = ([row.score for row in of if row.metric == metric] for of in (rows, known))
        named += [metric] if len(own) == len(all_of_it) > 1 else own
    return named


def markdown(comparison: Comparison) -> str:
    """For a README or a job summary; with the raw and the corrected p-values."""
    names = letters(len(comparison.subjects))
    headings = ["Score", *names]
    for name in names[1:]:
        headings += [f"{name} - {names[0]}", "p", "p (Holm)", "Verdict"]
    who = "".join(f"- {name}: {_describe(side)}\n" for name, side in zip(names, comparison.subjects, strict=True))
    rows = markdown_table(headings, [_markdown_row(row) for row in comparison.rows], left=("Score", "Verdict"))
    notes = "".join(f"\n{note}\n" for note in reading_notes(comparison))
    return f"{who}\n{rows}{notes}"


def _markdown_row(row: Row) -> tuple[str, ...]:
    values = [_say_value(value) for value in row.values]
    cells = [row.score, *(text if text == MISSING else f"{text} {row.unit}".rstrip() for text in values)]
    for text, difference in zip(_say_differences(row), row.differences, strict=True):
        cells += [text, say_p(difference.p), say_p(difference.p_corrected), difference.verdict]
    return tuple(cells)


def records(comparison: Comparison) -> list[dict[str, Any]]:
    """One plain record a score, unrounded, for CSV; the subjects' names head their columns."""
    return [_record(comparison, row) for row in comparison.rows]


def _record(comparison: Comparison, row: Row) -> dict[str, Any]:
    names = [side.name for side in comparison.subjects]
    record: dict[str, Any] = {field: getattr(row, field) for field in FIELDS}
    for name, value in zip(names, row.values, strict=True):
        record |= {f"{name}: {field}": getattr(value, field) for field in ("value", "low", "high")}
    for name, difference in zip(names[1:], row.differences, strict=True):
        fields = difference.model_dump()
        record[f"{name}: difference"] = fields.pop("value")
        record |= {f"{name}: difference {field}": value for field, value in fields.items()}
    return record
