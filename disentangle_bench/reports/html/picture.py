"""A figure of the page: its SVG, and the numbers that it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from matplotlib.figure import Figure

from disentangle_bench.reports.html.forms import csv_text
from disentangle_bench.reports.html.svg import Mark, inline_svg


@dataclass(frozen=True)
class Picture:
    """A figure of the page.

    Attributes:
        name: an anchor, and the name of the files that it is saved in.
        caption: what it shows.
        svg: the drawing.
        csv: the numbers; empty where the script reads them from the images of a traversal.
        wide: whether it takes the whole width of the page.
    """

    name: str
    caption: str
    svg: Markup
    csv: str = ""
    wide: bool = False


def picture(
    figure: Figure,
    name: str,
    caption: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    marks: Mapping[str, Mark] | None = None,
    wide: bool = False,
) -> Picture:
    """Put a matplotlib figure on the page.

    Args:
        figure: what is drawn.
        name: an anchor.
        caption: what it shows.
        headings: of the columns of its CSV.
        rows: the numbers.
        marks: what stands for the figure's links; see `svg.Mark`.
        wide: whether it takes the whole width of the page.
    """
    return Picture(name, caption, inline_svg(figure, name, caption, marks), csv_text(headings, rows), wide)
