"""Latent traversals as in Figure 2 of arXiv:1606.03657: each row one draw, each column one value of a code."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from disentangle_bench.reports.figures.fitting import label_columns, label_rows, wrapped
from disentangle_bench.reports.figures.style import DOTS, INK, MUTED, style, without_frame

CELL = 110  # dots, about, from one image to the next
MOST = 2600  # dots of all columns or rows: images are smaller where there are more of them
WRAP = 3.0  # inches of a line of a title, at least
MARGIN = 4  # dots around an image
EDGE = 24  # dots around everything
LABEL_SIZE = 8.5
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
    room = max(width / DOTS, WRAP)
    with style():
        figure = Figure(figsize=(width / DOTS, height / DOTS), dpi=DOTS)
        axes = figure.add_axes((0, 0, 1, 1))
        extent = (0, images.shape[1], images.shape[0], 0)
        axes.imshow(grid, cmap="gray", vmin=0, vmax=1, extent=extent, aspect="auto", interpolation="none")
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        label_columns(axes, [place + 0.5 for place in range(images.shape[1])], columns, width / DOTS / images.shape[1])
        if rows is None:
            axes.set_yticks([])
        else:
            label_rows(axes, [place + 0.5 for place in range(images.shape[0])], rows, height / DOTS / images.shape[0])
        axes.set_xlabel(wrapped(xlabel, room, LABEL_SIZE), color=MUTED, labelpad=5, parse_math=False)
        axes.set_ylabel(wrapped(ylabel, max(height / DOTS, 1), LABEL_SIZE), color=MUTED, labelpad=5, parse_math=False)
        axes.set_title(wrapped(title, room), parse_math=False)
        without_frame(axes)
        if prior is not None:
            ends, at, across = (prior[0] + 0.04, prior[1] + 0.96), -10 / height, axes.get_xaxis_transform()
            axes.add_line(Line2D(ends, (at, at), color=INK, linewidth=1.2, transform=across, clip_on=False))
            axes.text(sum(ends) / 2, 2 * at, "prior range", transform=across, ha="center", va="top", fontsize=8)
        _make_room(figure, axes, width, height)
    return figure


def _make_room(figure: Figure, axes: Axes, width: int, height: int) -> None:
    """Enlarge the canvas to hold the texts around the images, which stay to the dot: a pixel is whole dots."""
    box = figure.get_tightbbox()
    left, below = (EDGE + math.ceil(-min(end * DOTS, 0)) for end in (box.x0, box.y0))
    right, above = (EDGE + math.ceil(max(end * DOTS - of, 0)) for end, of in ((box.x1, width), (box.y1, height)))
    whole = left + width + right, below + height + above
    figure.set_size_inches(whole[0] / DOTS, whole[1] / DOTS)
    axes.set_position((left / whole[0], below / whole[1], width / whole[0], height / whole[1]))


def mosaic(images: Images) -> NDArray[np.float64]:
    """Put images `(rows, columns, h, w[, 3])` side by side on white, each pixel enlarged, as one array in [0, 1]."""
    scaled = np.asarray(images, dtype=np.float64) / (255 if images.dtype == np.uint8 else 1)
    most = (MOST // count - 2 * MARGIN for count in images.shape[:2])
    zoom = max(int(min(round(CELL / max(images.shape[2:4])), *(room // max(images.shape[2:4]) for room in most))), 1)
    large = np.clip(scaled, 0, 1).repeat(zoom, axis=2).repeat(zoom, axis=3)
    edges = ((0, 0), (0, 0), *[(MARGIN, MARGIN)] * 2, *([(0, 0)] * (large.ndim - 4)))
    framed = np.pad(large, edges, constant_values=1.0)
    rows, columns, h, w = framed.shape[:4]
    return framed.swapaxes(1, 2).reshape(rows * h, columns * w, *large.shape[4:])
