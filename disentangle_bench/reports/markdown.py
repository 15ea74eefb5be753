"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, left: Collection[str]) -> str:
    """A Markdown table; the columns named in `left` are set flush left, the others flush right."""
    marks = [":---" if heading in left else "---:" for heading in headings]
    return "".join(_row(cells) for cells in (headings, marks, *rows))


def _row(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
    return "".join(f"| {cell} " if cell else "| " for cell in escaped) + "|\n"
