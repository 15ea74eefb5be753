"""Listings as a table for people, or as Markdown, LaTeX, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from disentangle_bench.cli.kinds import Kind
from disentangle_bench.cli.output import print_result
from disentangle_bench.reports.text_table import TextTable


def print_rows(kind: Kind, form: str) -> None:
    """Print the listing of a kind on standard output in one of the forms of `--format`."""
    rows = kind.rows()
    layout = kind.layout([dict(zip(kind.headings, row, strict=True)) for row in rows]) if form == "table" else None
    if layout is not None:
        print_result(layout)
    else:
        print_table(kind.headings, rows, kind.brief, form)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[Any]], brief: int, form: str) -> None:
    """Print rows on standard output in one of the forms of `--format`; a table has the first `brief` columns only."""
    if form == "table":
        print_result(table_of(headings[:brief], [row[:brief] for row in rows]))
    elif form in ("markdown", "latex"):
        texts = TextTable(headings, [list(map(say_cell, row)) for row in rows], left=headings)
        print_result(texts.to_markdown() if form == "markdown" else texts.to_latex())
    elif form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([headings, *rows])
        print_result(text.getvalue())
    else:
        keys = [heading.lower().replace(" ", "_") for heading in headings]
        print_result(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=2) + "\n")


def table_of(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """A table for a terminal: only the last column is broken into lines where it is narrow."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column, heading in enumerate(headings):
        numbers = all(isinstance(row[column], int | float | None) for row in rows)
        last = column == len(headings) - 1
        table.add_column(
            heading,
            justify="right" if numbers else "left",
            style="cyan" if column == 0 else "",
            no_wrap=not last,
            overflow="fold" if last else "ellipsis",  # a number that is cut off should look so
        )
    for row in rows:
        table.add_row(*(Text(say_cell(value)) for value in row))
    return table


def say_cell(value: Any) -> str:
    """The text of a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
