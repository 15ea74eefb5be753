"""A Hinton diagram: a matrix of values that are not negative as squares, whose areas are in proportion to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

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
from disentangle_bench.reports.figures.style import CYCLE, FAINT, new_figure, style, without_frame

LARGEST, PITCH, LEAST = 10.0, 0.42, 2.0
"""Inches of the whole matrix, of a cell where there are few, and of all columns."""
FULL = 0.92
"""The side of the square of the largest value, as a share of its cell."""


def hinton_diagram(
    values: ArrayLike,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
) -> Figure:
    """Draw a matrix as squares; the largest value fills its cell.

    Args:
        values: `(rows, columns)`, at least 0; NaN is no square.
        rows: their names.
        columns: their names.
        title: above everything.
        xlabel: what the columns are.
        ylabel: what the rows are.
    """
    matrix = np.nan_to_num(np.asarray(values, dtype=np.float64))
    rows, columns = [short(name) for name in rows], [short(name) for name in columns]
    wide = max(min(max(PITCH, widest(columns) + 0.1), LARGEST / len(columns)), LEAST / len(columns))
    high = min(PITCH, LARGEST / len(rows))
    below = widest(columns) if stands_upright(columns, wide) else LINE
    width = widest(rows) + 0.55 + len(columns) * wide
    heading = wrapped(title, width - 0.2)
    with style():
        figure = new_figure(width, len(rows) * high + below + 0.6 + extent(heading, TITLE_SIZE)[1])
        figure.suptitle(heading, x=0.1 / width, ha="left", fontsize=TITLE_SIZE, parse_math=False)
        axes = figure.subplots()
        sides = FULL * np.sqrt(matrix / max(float(matrix.max(initial=0)), 1e-12))
        for (row, column), side in np.ndenumerate(sides):
            if side > 0:
                tall, broad = side * min(1, wide / high), side * min(1, high / wide)  # a square whatever the cell is
                axes.add_patch(
                    Rectangle((column - broad / 2, row - tall / 2), broad, tall, color=CYCLE[0], linewidth=0)
                )
        axes.set_xlim(-0.5, len(columns) - 0.5)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        without_frame(axes)
        label_columns(axes, range(len(columns)), columns, wide)
        label_rows(axes, range(len(rows)), rows, high)
        for place in np.arange(-0.5, len(rows)):
            axes.axhline(place, color=FAINT, linewidth=0.5, zorder=0)
        for place in np.arange(-0.5, len(columns)):
            axes.axvline(place, color=FAINT, linewidth=0.5, zorder=0)
        axes.set_xlabel(wrapped(xlabel, len(columns) * wide, 8.5), parse_math=False)
        axes.set_ylabel(wrapped(ylabel, max(len(rows) * high, 0.5), 8.5), parse_math=False)
    return figure
