"""A comparison as a table: the value of each subject, chance and ceiling, and each difference to the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from disentangle_bench.evaluation.comparison import Comparison, Row, Side
from disentangle_bench.evaluation.results import reading_order
from disentangle_bench.reports.comparison_rows import lines_of
from disentangle_bench.reports.comparison_text import (
    letters,
    say_ceiling,
    say_chance,
    say_differences,
    say_unseen,
    say_value,
)
from disentangle_bench.reports.numbers import MISSING, say_p
from disentangle_bench.reports.text_table import TextTable

FIELDS = ("score", "metric", "component", "code", "unit", "better", "tested")
LEVEL = 0.05
VALUE_FIELDS = ("value", "low", "high", "chance", "ceiling")


@dataclass(frozen=True)
class ComparisonTable:
    """For the terminal: who is compared, the rows, and how to read them."""

    comparison: Comparison
    every: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        metrics = self.comparison.by_metric()
        order = reading_order(metrics, self.comparison.subjects[0].kind)
        tested = {metric: [row for row in metrics[metric] if row.tested] for metric in order}
        shown = {metric: metrics[metric] if self.every else tested[metric] for metric in order}
        lines = [*lines_of(self.comparison, shown if self.every else _without_empty(shown), options.max_width)]
        for name, side in zip(letters(len(self.comparison.subjects)), self.comparison.subjects, strict=True):
            yield Text(f"{name}  {_describe(side)}", style="bold")
        yield Text()
        for line in lines:
            line.no_wrap, line.overflow = True, "ignore"
            yield line
        yield Text()
        for note in reading_notes(self.comparison, shown):
            yield Text(note, "dim")


def _without_empty(shown: Mapping[str, Sequence[Row]]) -> Mapping[str, Sequence[Row]]:
    """Leave out rows in which no subject has a value, unless there are no others; the notes say why there is none."""
    valued = {
        metric: [row for row in rows if any(value.runs.count(None) < len(value.runs) for value in row.values)]
        for metric, rows in shown.items()
    }
    return valued if any(valued.values()) else shown


def _describe(side: Side) -> str:
    numbered = list(zip(side.seeds, side.statuses, strict=True))
    seeds = ", ".join(str(seed) for seed in side.seeds if seed is not None)
    over = f": mean (range) of {len(side.seeds)} runs" if len(side.seeds) > 1 else ""
    over += f", seeds {seeds}" if over and seeds else ""
    unsound = [(seed, status) for seed, status in numbered if status not in ("", "ok")]
    said = "; ".join(f"seed {seed} {status}" if over and seed is not None else status for seed, status in unsound)
    return f"{side.name}{over} ({said})" if said else f"{side.name}{over}"


def reading_notes(comparison: Comparison, shown: Mapping[str, Sequence[Row]]) -> list[str]:
    """Say what intervals cover, what verdicts are about, why some rows have none, and how many are not shown."""
    rows = [row for of_metric in shown.values() for row in of_metric]
    differences = [difference for row in rows for difference in row.differences]
    spreads = {difference.spread for difference in differences}
    notes = []
    if "test samples" in spreads:
        notes.append(f"Intervals: 95 %, over test samples{_methods(shown)}.")
        notes.append("One run each says nothing about the methods.")
    if "seeds" in spreads:
        notes.append("Intervals: 95 %, over seeds.")
    if comparison.tests:
        tests = f"{comparison.tests} tests" if comparison.tests > 1 else "one test"
        notes.append(f"Verdicts: at 5 % after Holm's correction over {tests}.")
    if not all(row.tested for row in rows):
        notes.append("Only the first score of each metric is tested, and what --metrics names.")
    if any(map(say_unseen, differences)):
        notes.append("Seen is what shows in 80 of 100 experiments with so many seeds, this spread and this correction.")
    smallest = [difference.smallest_p for difference in differences if difference.smallest_p is not None]
    if smallest and max(smallest) >= LEVEL:
        notes.append(
            f"So few seeds give an exact permutation test no p below {say_p(max(smallest))}: "
            "verdicts rest on t tests, which take seeds to be roughly normal."
        )
    notes += _reasons(comparison, shown)
    if comparison.unchecked:
        notes.append(f"That {', '.join(comparison.unchecked)} has the same samples as the first is taken on trust.")
    hidden = len(comparison.rows) - len(rows)
    return [*notes, *([f"{hidden} more score{'s' if hidden > 1 else ''} with --all."] if hidden else [])]


def _methods(shown: Mapping[str, Sequence[Row]]) -> str:
    """Name the method behind the intervals of single runs; of several, the commonest, and where another was used."""
    used: dict[str, dict[str, Row]] = {}
    for row in (row for of_metric in shown.values() for row in of_metric):
        for difference in row.differences:
            if difference.spread == "test samples":
                used.setdefault(difference.method, {})[row.score] = row
    usual, *others = sorted(used, key=lambda method: -len(used[method]))
    others = [f"{', '.join(_together([*used[method].values()], shown))}: {method}" for method in others]
    return f" ({'; '.join([usual, *others])})" if usual else ""


def _reasons(comparison: Comparison, shown: Mapping[str, Sequence[Row]]) -> list[str]:
    names = letters(len(comparison.subjects))
    lacking: dict[str, list[Row]] = {}
    for row in (row for of_metric in shown.values() for row in of_metric):
        said: dict[str, list[str]] = {}
        for name, value in zip(names, row.values, strict=True):
            if value.value is None or value.reason:
                what = "No value" if value.value is None else "Not of all runs"
                said.setdefault(f"{what} ({value.reason})", []).append(name)
            if value.absolute:
                said.setdefault("Absolute values (signs are arbitrary across seeds)", []).append(name)
        for name, value, difference in zip(names[1:], row.values[1:], row.differences, strict=True):
            if difference.low is None and row.values[0].value is not None and value.value is not None:
                what = "Not compared" if difference.verdict == "not comparable" else "No interval"
                said.setdefault(f"{what} ({difference.reason})", []).append(name)
        for reason, of in said.items():
            lacking.setdefault(f"{reason} in {', '.join(of)}", []).append(row)
    return [f"{reason}: {', '.join(_together(rows, shown))}." for reason, rows in lacking.items()]


def _together(rows: Sequence[Row], shown: Mapping[str, Sequence[Row]]) -> list[str]:
    """Name these scores; if they are all that is shown of a metric with several, name the metric instead."""
    if len(rows) == sum(map(len, shown.values())) > 1:
        return ["all scores"]
    named = []
    for metric in dict.fromkeys(row.metric for row in rows):
        scores = [row.score for row in rows if row.metric == metric]
        named += [metric] if len(scores) == len(shown[metric]) > 1 else scores
    return named


def text_table(comparison: Comparison) -> TextTable:
    """Lay out every score in texts, with the raw and the corrected p-values."""
    names = letters(len(comparison.subjects))
    headings = ["Score", *names, "Chance", "Ceiling"]
    for name in names[1:]:
        headings += [f"{name} - {names[0]}", "p", "p (Holm)", "Verdict"]
    legend = [f"{name}: {_describe(side)}" for name, side in zip(names, comparison.subjects, strict=True)]
    table = []
    for row in comparison.rows:
        single = all(len(value.runs) == 1 for value in row.values)
        values = [said.value if single else str(said) for said in map(say_value, row.values)]
        cells = [row.score, *(text if text == MISSING else f"{text} {row.unit}".rstrip() for text in values)]
        cells += [say_chance(row.values), say_ceiling(row.values)]
        for said, difference in zip(say_differences(row), row.differences, strict=True):
            verdict = "; ".join(filter(None, (difference.verdict, say_unseen(difference))))
            cells += [str(said), say_p(difference.p), say_p(difference.p_corrected), verdict]
        table.append(cells)
    notes = reading_notes(comparison, comparison.by_metric())
    return TextTable(headings, table, left=("Score", "Verdict"), legend=legend, notes=notes)


def records(comparison: Comparison) -> list[dict[str, Any]]:
    """Make one plain record per score, unrounded, for CSV; the subjects' names head their columns."""
    names = [side.name for side in comparison.subjects]
    records = []
    for row in comparison.rows:
        record: dict[str, Any] = {field: getattr(row, field) for field in FIELDS}
        for name, value in zip(names, row.values, strict=True):
            record |= {f"{name}: {field}": getattr(value, field) for field in VALUE_FIELDS}
        for name, difference in zip(names[1:], row.differences, strict=True):
            fields = difference.model_dump()
            record[f"{name}: difference"] = fields.pop("value")
            record |= {f"{name}: difference {field}": value for field, value in fields.items()}
        records.append(record)
    return records
