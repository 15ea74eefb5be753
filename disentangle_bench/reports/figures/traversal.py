"""Latent traversals as in Figure 2 of arXiv:1606.03657: each row one draw, each column one value of a code."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from disentangle_bench.reports.figures.style import DOTS, INK, MUTED, style, without_frame

CELL = 110  # dots, about, from one image to the next
LEFT, RIGHT, TOP, BOTTOM = 100, 30, 140, 30  # dots around the images
MARK = 80  # dots below them, for the mark of the prior range
Images = NDArray[np.floating] | NDArray[np.uint8]


def traversal_grid(
    images: Images,
    columns: Sequence[str],
    *,
    rows: Sequence[str] | None = None,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    prior: tuple[int, int] | None = None,
) -> Figure:
    """Draw a grid of images with a heading above each column and, if given, beside each row.

    Args:
        images: `(rows, columns, h, w)` gray or `(rows, columns, h, w, 3)` color; float in [0, 1] or uint8.
        columns: a heading for each column: the digit of a category, or the value of a continuous code.
        rows: a heading for each row.
        title: above everything.
        xlabel: what the columns' headings are.
        ylabel: what the rows are.
        prior: the first and last column that lie in the code's prior range; a line below marks them.
    """
    grid = mosaic(images)
    height, width = grid.shape[:2]
    below = BOTTOM if prior is None else MARK
    whole = (LEFT + width + RIGHT, TOP + height + below)
    with style():
        figure = Figure(figsize=(whole[0] / DOTS, whole[1] / DOTS))
        # Placed to the dot, so that every pixel of an image becomes the same number of dots.
        axes = figure.add_axes((LEFT / whole[0], below / whole[1], width / whole[0], height / whole[1]))
        extent = (0, images.shape[1], images.shape[0], 0)
        axes.imshow(grid, cmap="gray", vmin=0, vmax=1, extent=extent, aspect="auto", interpolation="none")
        figure.text(LEFT / whole[0], 1 - 22 / whole[1], title, va="top", fontsize=9.5)
        _label(axes, columns, rows, xlabel, ylabel)
        if prior is not None:
            ends, at, across = (prior[0] + 0.04, prior[1] + 0.96), -0.1 / images.shape[0], axes.get_xaxis_transform()
            axes.add_line(Line2D(ends, (at, at), color=INK, linewidth=1.2, transform=across, clip_on=False))
            axes.text(sum(ends) / 2, 2 * at, "prior range", transform=across, ha="center", va="top", fontsize=8)
    return figure


def mosaic(images: Images) -> NDArray[np.float64]:
    """Put images `(rows, columns, h, w[, 3])` side by side on white, each pixel enlarged, as one array in [0, 1]."""
    scaled = np.asarray(images, dtype=np.float64) / (255 if images.dtype == np.uint8 else 1)
    zoom = max(round(CELL / max(images.shape[2:4])), 1)
    large = np.clip(scaled, 0, 1).repeat(zoom, axis=2).repeat(zoom, axis=3)
    edges = ((0, 0), (0, 0), (4, 4), (4, 4), *([(0, 0)] * (large.ndim - 4)))
    framed = np.pad(large, edges, constant_values=1.0)
    rows, columns, h, w = framed.shape[:4]
    return framed.swapaxes(1, 2).reshape(rows * h, columns * w, *large.shape[4:])


def _label(axes: Axes, columns: Sequence[str], rows: Sequence[str] | None, xlabel: str, ylabel: str) -> None:
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns)
    axes.set_yticks([] if rows is None else np.arange(len(rows)) + 0.5, rows)
    axes.set_xlabel(xlabel, color=MUTED, labelpad=5)
    axes.set_ylabel(ylabel, color=MUTED, labelpad=5)
    without_frame(axes)
