"""Rows of scores under the names of their metrics, for a terminal of any width; no number is ever cut short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

GAP = 2
INDENT = "  "


@dataclass(frozen=True)
class Column:
    """How a column is set: `point` lines decimal points up; a column with `least` may be wrapped down to that width."""

    heading: str
    align: Literal["left", "right", "point"] = "right"
    style: str = ""
    least: int | None = None


@dataclass(frozen=True)
class Line:
    """One line: the score that it belongs to, and its cells; only the first line of a score is labelled."""

    metric: str
    part: str
    cells: Sequence[str | Text]
    labelled: bool = True
    unit: str = ""


class Grid:
    """A table whose first column labels each score below the name of its metric; a long label has its own line.

    Args:
        columns: those after the labels.
        lines: in order; neighbours of one metric form a section.
    """

    def __init__(self, columns: Sequence[Column], lines: Sequence[Line]) -> None:
        self.columns = (Column("Score", "left", least=8), *columns)
        self.lines = lines
        texts = [[_label(line), *line.cells] for line in lines]
        set_columns = [
            align_points(column) if spec.align == "point" else column
            for spec, column in zip(self.columns, zip(*texts, strict=True), strict=False)
        ]
        self.rows = list(zip(*set_columns, strict=True))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = self._widths(options.max_width)
        yield self._set(widths, [Text(column.heading, style="bold") for column in self.columns])
        yield Text(("-" if options.ascii_only else "─") * min(sum(widths) + GAP * (len(widths) - 1), options.max_width))
        pairs = zip(self.lines, self.rows, strict=True)
        for metric, section in groupby(pairs, key=lambda pair: pair[0].metric):
            members = list(section)
            if members[0][0].part:
                yield Text(metric, style="cyan")
            for _, (label, *cells) in members:
                fits = _width(label) <= widths[0]
                if not fits:
                    yield label
                yield self._set(widths, [label if fits else "", *cells])

    def _widths(self, limit: int) -> list[int]:
        """Natural widths, those that may wrap narrowed from the right until the line fits."""
        cells = [[column.heading for column in self.columns], *self.rows]
        widths = [max(_width(cell) for cell in column) for column in zip(*cells, strict=True)]
        for place in reversed(range(len(widths))):
            excess = sum(widths) + GAP * (len(widths) - 1) - limit
            least = self.columns[place].least
            if excess > 0 and least is not None:
                widths[place] = max(widths[place] - excess, min(least, widths[place]))
        return widths

    def _set(self, widths: Sequence[int], cells: Sequence[str | Text]) -> Table:
        line = Table.grid(padding=(0, GAP, 0, 0))
        for column, width in zip(self.columns, widths, strict=True):
            justify: Literal["left", "right"] = "left" if column.align == "left" else "right"
            line.add_column(width=width, justify=justify, style=column.style, overflow="fold")
        line.add_row(*cells)
        return line


def stack(*parts: RenderableType | None) -> Iterator[RenderableType]:
    """The parts that there are, a blank line between each two."""
    shown = [part for part in parts if part is not None]
    for place, part in enumerate(shown):
        if place:
            yield Text()
        yield part


def align_points(cells: Sequence[str | Text]) -> list[str | Text]:
    """Numbers padded on the right so that, set flush right, their decimal points lie below each other."""
    texts = [str(cell) for cell in cells]
    behind = [len(text.partition(".")[2]) + ("." in text) for text in texts]
    most = max(behind, default=0)
    return [text and text + " " * (most - width) for text, width in zip(texts, behind, strict=True)]


def _label(line: Line) -> str | Text:
    if not line.labelled:
        return ""
    name = Text(INDENT + line.part) if line.part else Text(line.metric, style="cyan")
    return name.append(f", {line.unit}", style="dim") if line.unit else name


def _width(cell: str | Text) -> int:
    return max((cell_len(line) for line in str(cell).splitlines()), default=0)
