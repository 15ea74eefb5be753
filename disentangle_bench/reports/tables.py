"""Results and comparisons as text for people, or as Markdown, CSV or JSON for pages and programs."""

from __future__ import annotations

import csv
import io
import json
from types import ModuleType
from typing import Literal

from rich.console import Console, RenderableType

from disentangle_bench.errors import SettingError
from disentangle_bench.evaluation.comparison import Comparison
from disentangle_bench.evaluation.ranking import Ranking
from disentangle_bench.evaluation.results import Results
from disentangle_bench.reports import comparison_table, ranking_table, score_table

Form = Literal["table", "markdown", "csv", "json"]
Report = Results | Comparison | Ranking
PLAIN_WIDTH = 1000  # lines of a file or a pipe are as long as they need to be


def _sheet_of(report: Report) -> ModuleType:
    """The module that lays out reports of this kind."""
    if isinstance(report, Results):
        return score_table
    return comparison_table if isinstance(report, Comparison) else ranking_table


def to_table(report: Report) -> RenderableType:
    """For a terminal, through rich."""
    table: RenderableType = _sheet_of(report).table(report)
    return table


def to_text(report: Report, width: int = PLAIN_WIDTH) -> str:
    """The same as plain text without colours and without blanks at the ends of lines."""
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False, emoji=False)
    with console.capture() as captured:
        console.print(to_table(report), highlight=False)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def to_markdown(report: Report) -> str:
    """As a Markdown table, with its notes."""
    return str(_sheet_of(report).markdown(report))


def to_csv(report: Report) -> str:
    """As comma-separated values, unrounded; what is unknown is empty."""
    records = _sheet_of(report).records(report)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]) if records else ["score"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def to_json(report: Report) -> str:
    """As JSON; for results exactly what `results.json` holds."""
    return json.dumps(report.to_values(), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def show(report: Report, form: Form, console: Console) -> None:
    """Print in one of the forms; the table is coloured and wrapped on a terminal, plain elsewhere.

    Raises:
        SettingError: there is no such form.
    """
    if form == "table" and console.is_terminal:
        console.print(to_table(report), highlight=False)
        return
    forms = {"table": to_text, "markdown": to_markdown, "csv": to_csv, "json": to_json}
    if form not in forms:
        raise SettingError(f"{form!r} is not a form of a table.", f"Use one of {', '.join(forms)}.")
    console.out(forms[form](report), end="", highlight=False)
