"""The forms in which a table or a figure of the report can be saved."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from disentangle_bench.reports.text_table import TextTable


@dataclass(frozen=True)
class Forms:
    """One table as the texts of three files.

    Attributes:
        name: of the files, without suffix.
        csv, markdown, latex: their contents.
    """

    name: str
    csv: str
    markdown: str
    latex: str

    @classmethod
    def of(cls, name: str, headings: Sequence[str], rows: Sequence[Sequence[object]], left: Collection[str]) -> Forms:
        """Write rows in all forms.

        Args:
            name: of the files.
            headings: of the columns.
            rows: a text or a number for each cell; None is an empty cell.
            left: the headings of the columns that are set flush left.
        """
        texts = TextTable(headings, [[said(cell) for cell in row] for row in rows], left)
        return cls(name, csv_text(headings, rows), texts.to_markdown(), texts.to_latex())


def said(cell: object) -> str:
    """Write a cell: numbers with four digits."""
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return "" if cell is None else str(cell)


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write comma-separated values, numbers unrounded."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows(rows)
    return text.getvalue()
