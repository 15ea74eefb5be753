"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, left: Collection[str]) -> str:
    """Write a Markdown table; the columns named in `left` are set flush left, the others flush right."""
    marks = [":---" if heading in left else "---:" for heading in headings]
    lines = []
    for cells in (headings, marks, *rows):
        escaped = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
        lines.append("".join(f"| {cell} " if cell else "| " for cell in escaped) + "|\n")
    return "".join(lines)
