"""Heat maps of any number of named rows and columns, in panels side by side, with the value in each cell if it fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from disentangle_bench.reports.figures.fitting import (
    LINE,
    TITLE_SIZE,
    extent,
    label_columns,
    label_rows,
    short,
    stands_upright,
    widest,
    wrapped,
)
from disentangle_bench.reports.figures.style import INK, new_figure, style, without_frame

VALUE_SIZE = 7.5
MOST_VALUES = 25
"""Rows or columns; where there are more, cells have no values."""
EVEN = 0.2
"""The relative luminance (WCAG 2.2) that white and our black stand out from alike."""
LARGEST, LEAST, MOST_FOR_NAME = 12.0, 1.6, 0.9
"""Inches of all panels together, at least of one, and of a column that is made wide for its name."""
BAR, THICKNESS = 0.75, 0.14
"""Inches for the color bar and its numbers, and for it alone."""


@dataclass(frozen=True)
class Scale:
    """Which colors values have.

    Attributes:
        colors: the name of a color map.
        low, high: the ends.
        label: what the values are.
        ticks: of the color bar.
        form: of its numbers.
    """

    colors: str
    low: float
    high: float
    label: str
    ticks: Sequence[float]
    form: str = "{x:g}"


@dataclass(frozen=True)
class Panel:
    """One matrix.

    Attributes:
        values: `(rows, columns)`; NaN where there is none.
        texts: `(rows, columns)`, the text of each cell.
        title: above it.
    """

    values: NDArray[np.float64]
    texts: NDArray[np.str_]
    title: str = ""


def heat_map(
    panels: Sequence[Panel],
    rows: Sequence[str],
    columns: Sequence[str],
    scale: Scale,
    *,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
) -> Figure:
    """Draw matrices of the same rows and columns.

    Every name is kept, unless there are more of them than lines fit; cells are as large as names and values need.

    Args:
        panels: the matrices, from left to right.
        rows: their names.
        columns: their names.
        scale: of the colors.
        title: above everything.
        xlabel: what the columns are.
        ylabel: what the rows are.
    """
    rows, columns = [short(name) for name in rows], [short(name) for name in columns]
    written = max(len(rows), len(columns)) <= MOST_VALUES
    wide = _width(panels, columns, written=written)
    high = max(min(0.36 if written else 0.2, LARGEST / len(rows)), LEAST / len(rows))
    below = widest(columns) if stands_upright(columns, wide) else LINE
    with style():
        width = widest(rows) + 0.55 + len(panels) * (len(columns) * wide + 0.2) + BAR
        heading = wrapped(title, width - 0.2)
        height = len(rows) * high + below + 0.75 + extent(heading, TITLE_SIZE)[1]
        figure = new_figure(width, height)
        figure.suptitle(heading, x=0.1 / width, ha="left", fontsize=TITLE_SIZE, parse_math=False)
        all_axes = list(figure.subplots(1, len(panels), squeeze=False, sharey=True)[0])
        drawn = [_draw(axes, panel, scale, written) for axes, panel in zip(all_axes, panels, strict=True)]
        for axes in all_axes:
            label_columns(axes, range(len(columns)), columns, wide)
            axes.set_xlabel(wrapped(xlabel, len(columns) * wide, 8.5), parse_math=False)
            without_frame(axes)
        label_rows(all_axes[0], range(len(rows)), rows, high)
        all_axes[0].set_ylabel(wrapped(ylabel, len(rows) * high, 8.5), parse_math=False)
        _draw_bar(figure, all_axes, drawn[0], scale, (len(panels) * len(columns) * wide, len(rows) * high))
    return figure


def _width(panels: Sequence[Panel], columns: Sequence[str], *, written: bool) -> float:
    """Inches of a column: for values and, if all panels then fit a page, for its name; less where there are many."""
    values = (str(text) for panel in panels for text in panel.texts.flat) if written else ()
    needed = max(widest(values, VALUE_SIZE) + 0.14, 0.36 if written else 0.2)
    page = LARGEST / len(columns) / len(panels)
    named = max(needed, widest(columns) + 0.1)
    least = max(LEAST, widest([panel.title for panel in panels], TITLE_SIZE)) / len(columns)
    return max(named if named < min(page, MOST_FOR_NAME) else min(needed, page), least)


def _draw(axes: Axes, panel: Panel, scale: Scale, written: bool) -> AxesImage:
    image = axes.imshow(panel.values, cmap=scale.colors, vmin=scale.low, vmax=scale.high, aspect="auto")
    axes.set_title(panel.title, parse_math=False)
    colors = image.to_rgba(np.nan_to_num(panel.values))  # a cell without a value is as light as 0
    for (row, column), text in np.ndenumerate(panel.texts):
        if written and text:
            color = _legible_on(colors[row, column])
            # Within its cell, so that the layout, which takes long to measure a hundred texts, can do without it.
            axes.text(
                column, row, str(text), ha="center", va="center", fontsize=VALUE_SIZE, color=color, in_layout=False
            )
    return image


def _legible_on(color: NDArray[np.float64]) -> str:
    """Black or white, whichever stands out more from a color."""
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    return "white" if linear[:3] @ [0.2126, 0.7152, 0.0722] < EVEN else INK


def _draw_bar(
    figure: Figure, all_axes: Sequence[Axes], drawn: AxesImage, scale: Scale, size: tuple[float, float]
) -> None:
    """Add a color bar of the same width to panels of any width and height."""
    width, height = size
    share = min(THICKNESS / width, 0.15)
    bar = figure.colorbar(
        drawn, ax=all_axes, fraction=share, aspect=height / THICKNESS, pad=0.02, ticks=[*scale.ticks], format=scale.form
    )
    bar.outline.set_visible(False)
    bar.set_label(wrapped(scale.label, height, 8.5), parse_math=False)
    bar.ax.tick_params(length=0)


def values_as_text(values: NDArray[np.float64]) -> NDArray[np.str_]:
    """Two decimals for each value; no text for NaN."""
    return np.array([["" if np.isnan(value) else f"{value:z.2f}" for value in row] for row in values])
