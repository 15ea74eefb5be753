"""The confusion matrix of a categorical code: categories by classes, matched pairs on the diagonal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from disentangle_bench.reports.figures.style import INK, new_figure, style, without_frame


def confusion_matrix(
    counts: NDArray[np.int64],
    categories: Sequence[str],
    classes: Sequence[str],
    matching: Sequence[int | None],
    *,
    title: str = "",
    code: str = "c1",
    factor: str = "class",
) -> Figure:
    """Draw counts of test images by category and class, colored by their share of the class.

    Args:
        counts: `(categories, classes)`.
        categories: a name for each row.
        classes: a name for each column.
        matching: the column that each row is matched to, or None; matched rows are sorted by it, the others last.
        title: above the matrix.
        code: whose categories they are.
        factor: what the classes are.
    """
    places = [len(classes) if column is None else column for column in matching]
    order = sorted(range(len(counts)), key=places.__getitem__)
    sorted_counts = np.asarray(counts)[order]
    shares = sorted_counts / np.maximum(sorted_counts.sum(axis=0), 1)
    with style():
        figure = new_figure(0.46 * len(classes) + 1.5, 0.4 * len(categories) + 1.0)
        axes = figure.add_subplot()
        drawn = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        _write_counts(axes, sorted_counts, shares)
        for row, category in enumerate(order):
            column = matching[category]
            if column is not None:
                axes.add_patch(
                    Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, clip_on=False, edgecolor=INK, linewidth=1.1)
                )
        axes.set_xticks(range(len(classes)), classes)
        axes.set_yticks(range(len(categories)), [categories[row] for row in order])
        axes.set_xlabel(factor)
        axes.set_ylabel(f"category of {code}")
        axes.set_title(title)
        without_frame(axes)
        bar = figure.colorbar(drawn, ax=axes, fraction=0.05, pad=0.02, ticks=[0, 0.5, 1], format="{x:.0%}")
        bar.outline.set_visible(False)
        bar.set_label(f"share of the {factor}'s test images")
        bar.ax.tick_params(length=0)
    return figure


def _write_counts(axes: Axes, counts: NDArray[np.int64], shares: NDArray[np.float64]) -> None:
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "white" if shares[row, column] > 0.5 else INK
            axes.text(column, row, f"{count:,}", ha="center", va="center", fontsize=7, color=color)
