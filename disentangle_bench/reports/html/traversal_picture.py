"""A traversal on the page: one image, with its headings as text in the page's colors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment
from markupsafe import Markup

from disentangle_bench.reports.html.picture import Picture
from disentangle_bench.reports.html.sprites import Sprite
from disentangle_bench.reports.traversals import Traversal

CELL, GAP, CHARACTER = 44.0, 2.0, 6.2
"""Units of a picture, between two of them, and of a character of a heading."""
LONGEST_HEADING = 18
TURNED = 7
"""Characters of a column's heading, beyond which headings are turned."""


@dataclass(frozen=True)
class Grid:
    """Where everything of a traversal is, in units of the drawing.

    Attributes:
        width, height: of the drawing.
        left, top: of the images.
        across, down: of all images.
        columns, rows: the middle of each, and its heading.
        lines: what divides columns and rows.
        turned: whether the columns' headings are.
        prior: the ends of the line that marks the prior's range.
    """

    width: float
    height: float
    left: float
    top: float
    across: float
    down: float
    columns: Sequence[tuple[float, str]]
    rows: Sequence[tuple[float, str]]
    lines: str
    turned: bool
    prior: tuple[float, float] | None


def grid_of(traversal: Traversal, rows: int) -> Grid:
    """Lay out the first rows of a traversal."""
    columns = [_short(name) for name in traversal.columns]
    names = [] if traversal.rows is None else [_short(name) for name in traversal.rows[:rows]]
    turned = max(map(len, columns), default=0) > TURNED
    left = 26 + CHARACTER * max(map(len, names), default=0)
    top = 34 + (CHARACTER * max(map(len, columns)) if turned else 8)
    tall = CELL * traversal.images.shape[2] / traversal.images.shape[3]
    across, down = CELL * len(columns), tall * rows
    inner = [f"M{left + CELL * place:g} {top:g}v{down:g}" for place in range(1, len(columns))]
    inner += [f"M{left:g} {top + tall * place:g}h{across:g}" for place in range(1, rows)]
    prior = None
    if traversal.prior is not None:
        prior = (left + CELL * traversal.prior[0] + GAP, left + CELL * (traversal.prior[1] + 1) - GAP)
    return Grid(
        left + across + 6,
        top + down + (30 if prior else 8),
        left,
        top,
        across,
        down,
        [(left + CELL * (place + 0.5), name) for place, name in enumerate(columns)],
        [(top + tall * (place + 0.5), name) for place, name in enumerate(names)],
        "".join(inner),
        turned,
        prior,
    )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_HEADING else f"{name[: LONGEST_HEADING - 1]}…"


def traversal_picture(environment: Environment, traversal: Traversal, made: Sprite, name: str) -> Picture:
    """Draw a traversal.

    Args:
        environment: of the page's templates.
        traversal: what is drawn.
        made: its images.
        name: an anchor.
    """
    rows = len(traversal.images)
    fewer = f", {made.rows} of {rows} rows" if made.rows < rows else ""
    caption = f"{traversal.code} traversed{fewer}"
    svg = environment.get_template("traversal.svg.j2").render(
        grid=grid_of(traversal, made.rows), traversal=traversal, sprite=made, caption=caption
    )
    return Picture(name, caption, Markup(svg))
