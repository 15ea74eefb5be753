"""A report as texts in rows and columns, for Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from disentangle_bench.reports.latex import latex_table
from disentangle_bench.reports.markdown import markdown_table


@dataclass(frozen=True)
class TextTable:
    """Texts in rows and columns, and what a reader has to know beside them.

    Attributes:
        headings: of the columns.
        rows: a text for each cell.
        left: the headings of the columns that are set flush left; the others are set flush right.
        legend: what the headings stand for, and what is to be known before the rows are read.
        notes: how to read the rows.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: Collection[str]
    legend: Sequence[str] = ()
    notes: Sequence[str] = ()

    def to_markdown(self) -> str:
        """Write the legend as a list, the rows, and each note as a paragraph."""
        legend = "".join(f"- {line}\n" for line in self.legend)
        rows = markdown_table(self.headings, self.rows, left=self.left)
        return (f"{legend}\n" if legend else "") + rows + "".join(f"\n{note}\n" for note in self.notes)

    def to_latex(self) -> str:
        """Write the rows, and below them the legend and the notes."""
        return latex_table(self.headings, self.rows, left=self.left, notes=(*self.legend, *self.notes))
