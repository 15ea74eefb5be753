"""The rows of a comparison for a terminal of 80 columns or more: one line a score, or where that is too wide, a few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from disentangle_bench.evaluation.comparison import Comparison, Difference, Row, Value
from disentangle_bench.reports.columns import align, aligned, aligned_pairs
from disentangle_bench.reports.comparison_text import (
    Said,
    letters,
    say_ceiling,
    say_chance,
    say_differences,
    say_unseen,
    say_value,
)
from disentangle_bench.reports.numbers import say_p
from disentangle_bench.reports.score_table import NUMBERS, row_label

GAP = INDENT = "  "
GAPS = (GAP, " ")
"""Between columns of numbers, and where that is too wide."""
STYLES = {"better": "green", "worse": "red", "differs": "yellow"}
"""By the first word of a verdict."""
Rows = Mapping[str, Sequence[Row]]
"""Metric -> those of its rows that are shown."""


def lines_of(comparison: Comparison, shown: Rows, width: int) -> Iterator[Text]:
    """Set headings and rows.

    Two single runs stand side by side, in one line a score if that fits, else in two; more of them, or groups over
    seeds, stand below each other.

    Args:
        comparison: of the subjects.
        shown: the rows.
        width: of a line.
    """
    labels = max((label.cell_len for rows in shown.values() for label in map(_label, rows)), default=len("Score"))
    if len(comparison.subjects) == 2 and all(len(side.seeds) == 1 for side in comparison.subjects):
        tables = [_side_by_side([row for rows in shown.values() for row in rows], gap) for gap in GAPS]
        verdict = max((len(row.differences[0].verdict) for rows in shown.values() for row in rows), default=0)
        one_line = [table for table in tables if labels + len(table[0]) + verdict + 2 * len(GAP) <= width]
        two_lines = [table for table in tables if len(INDENT + table[0]) <= width]
        if one_line or two_lines:
            headings, *numbers = (one_line or two_lines)[0]
            return _line_by_line(shown, labels, headings, numbers, verdict=verdict if one_line else None)
    return _below_each_other(comparison, shown)


def _side_by_side(rows: Sequence[Row], gap: str) -> list[str]:
    """The numbers of two runs: a line of headings, and a line for each row, with a gap between columns."""
    values = [[say_value(value).value for value in row.values] for row in rows]
    differences = [say_differences(row)[0] for row in rows]
    columns = {
        "A": aligned([first for first, _ in values]),
        "B": aligned([second for _, second in values]),
        "Chance": aligned([say_chance(row.values) for row in rows]),
        "Ceiling": aligned([say_ceiling(row.values) for row in rows]),
        "B - A": aligned([difference.value for difference in differences]),
        "95 % interval": aligned_pairs([difference.ends for difference in differences]),
        "p (Holm)": aligned([say_p(row.differences[0].p_corrected) for row in rows]),
    }
    wide = [[cell.rjust(max(map(len, cells))) for cell in cells] for cells in ([h, *c] for h, c in columns.items())]
    return [gap.join(line) for line in zip(*wide, strict=True)]


def _line_by_line(
    shown: Rows, labels: int, headings: str, numbers: Sequence[str], *, verdict: int | None
) -> Iterator[Text]:
    """Each score's name, numbers and verdict, of that width, in one line, or its numbers in a second one."""
    in_one = verdict is not None
    before, after = (f"{GAP}{headings}{GAP}", " " * ((verdict or 0) - len("Verdict"))) if in_one else (GAP, "")
    yield Text(f"{'Score':{labels}}{before}Verdict", "bold")
    if not in_one:
        yield Text(INDENT + headings, "bold")
    yield Text("─" * (labels + len(f"{before}Verdict{after}") if in_one else len(INDENT + headings)))
    lines = iter(numbers)
    for metric, rows in shown.items():
        yield from _metric_heading(metric, rows)
        for row in rows:
            label, line = _label(row, nested=len(rows) > 1), next(lines)
            label.pad_right(labels - label.cell_len)
            label.append(f"{GAP}{line}{GAP}" if in_one else GAP, "default")
            yield label.append(_verdict(row.differences[0]))
            if not in_one:
                yield Text(INDENT + line)


def _below_each_other(comparison: Comparison, shown: Rows) -> Iterator[Text]:
    """For each score a line for each subject, and one for each difference to the first."""
    names = letters(len(comparison.subjects))
    several = [value for rows in shown.values() for row in rows for value in row.values if value.is_partial]
    counts = max((len(_counted(names[-1], value)) for value in several), default=0)
    labels = len(INDENT + INDENT) + max(counts, len(f"{names[-1]} - {names[0]}")) + 1
    yield Text(f"{'Score':{labels}}{NUMBERS}", "bold")
    yield Text("─" * (labels + len(NUMBERS)))
    for metric, rows in shown.items():
        yield from _metric_heading(metric, rows)
        for row in rows:
            yield _label(row, nested=len(rows) > 1)
            for name, value in zip(names, row.values, strict=True):
                levels = align(say_chance([value]), 4, 5) + align(say_ceiling([value]), 4, 5)
                label = INDENT + INDENT + _counted(name, value)
                yield Text(f"{label:{labels}}{_numbers(say_value(value))}{levels}")
            for name, said, difference in zip(names[1:], say_differences(row), row.differences, strict=True):
                label = f"{INDENT}{INDENT}{name} - {names[0]}"
                p = say_p(difference.p_corrected)
                tested = f"p {p if p.startswith('<') else f'= {p}'}" if p else ""
                yield Text(f"{label:{labels}}{_numbers(said)} {tested:11}{GAP}").append(_verdict(difference))
                if unseen := say_unseen(difference):
                    yield Text(f"{'':{labels}}{unseen}", "dim")


def _counted(name: str, value: Value) -> str:
    """A subject, and of how many of its runs the mean is if not of all."""
    return f"{name} ({len(value.known)} of {len(value.runs)})" if value.is_partial else name


def _numbers(said: Said) -> str:
    """A value and its interval, in the fixed places of a table of scores."""
    low, high = said.ends
    return align(said.value, 4, 5) + align(low, 5, 6) + align(high, 3, 6)


def _metric_heading(metric: str, rows: Sequence[Row]) -> list[Text]:
    return [Text(metric, "cyan")] if len(rows) > 1 and rows[0].part else []


def _label(row: Row, *, nested: bool = False) -> Text:
    has_value = any(value.value is not None for value in row.values)
    return row_label(row.metric, row.part, row.unit if has_value else "", nested=nested)


def _verdict(difference: Difference) -> Text:
    return Text(difference.verdict, STYLES.get(difference.verdict.partition(" ")[0], "dim"))
