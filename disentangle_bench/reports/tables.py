"""Results, comparisons, rankings and suites as tables for people, or as Markdown, LaTeX, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, Literal

from rich.console import Console, RenderableType

from disentangle_bench.errors import SettingError
from disentangle_bench.evaluation.comparison import Comparison
from disentangle_bench.evaluation.ranking import Ranking
from disentangle_bench.evaluation.results import Results
from disentangle_bench.reports import comparison_table, ranking_table, score_table, suite_table
from disentangle_bench.reports.suite_table import SuiteTable
from disentangle_bench.reports.text_table import TextTable

Form = Literal["table", "markdown", "latex", "csv", "json"]
Report = Results | Comparison | Ranking | SuiteTable
PLAIN_WIDTH = 1000  # lines of a file or a pipe are as long as they need to be


def to_table(report: Report, *, every: bool = False) -> RenderableType:
    """Lay out a report for a terminal, through rich: the headline of each metric, or every score."""
    if isinstance(report, Results):
        return score_table.ScoreTable(report, every)
    if isinstance(report, Comparison):
        return comparison_table.ComparisonTable(report, every)
    if isinstance(report, SuiteTable):
        return report
    return ranking_table.table(report)


def to_text(report: Report, width: int = PLAIN_WIDTH, *, every: bool = False) -> str:
    """Write the table as plain text, without colors and without blanks at the ends of lines."""
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False, emoji=False)
    with console.capture() as captured:
        console.print(to_table(report, every=every), highlight=False)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def to_markdown(report: Report) -> str:
    """Write a Markdown table of every score, with its notes."""
    return _text_table(report).to_markdown()


def to_latex(report: Report) -> str:
    """Write a LaTeX `tabular` of every score, with its notes, for a paper to read from a file."""
    return _text_table(report).to_latex()


def _text_table(report: Report) -> TextTable:
    if isinstance(report, Results):
        return score_table.text_table(report)
    if isinstance(report, SuiteTable):
        return suite_table.text_table(report)
    return comparison_table.text_table(report) if isinstance(report, Comparison) else ranking_table.text_table(report)


def to_csv(report: Report) -> str:
    """Write every score as comma-separated values, unrounded; what is unknown is empty."""
    records: list[dict[str, Any]]
    if isinstance(report, Results):
        records = score_table.records(report)
    elif isinstance(report, Comparison):
        records = comparison_table.records(report)
    elif isinstance(report, SuiteTable):
        records = suite_table.records(report)
    else:
        records = ranking_table.records(report)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]) if records else ["score"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def to_json(report: Report) -> str:
    """Write everything as JSON; for results exactly what `results.json` holds."""
    return json.dumps(report.to_values(), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def show(report: Report, form: Form, console: Console, *, every: bool = False) -> None:
    """Print in one of the forms; the table is colored and wrapped on a terminal, plain elsewhere.

    Args:
        report: what is printed.
        form: one of `Form`; all but the table hold every score.
        console: where to.
        every: the table has a row for every score, instead of for the headline of each metric.

    Raises:
        SettingError: there is no such form.
    """
    if form == "table":
        if console.is_terminal:
            console.print(to_table(report, every=every), highlight=False)
        else:
            console.out(to_text(report, every=every), end="", highlight=False)
        return
    forms = {"markdown": to_markdown, "latex": to_latex, "csv": to_csv, "json": to_json}
    if form not in forms:
        raise SettingError(f"{form!r} is not a form of a table.", f"Use one of {', '.join(('table', *forms))}.")
    console.out(forms[form](report), end="", highlight=False)
