"""The confusion matrix of a categorical code: categories by classes, matched pairs on the diagonal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from disentangle_bench.reports.figures.heat_map import Panel, Scale, heat_map
from disentangle_bench.reports.figures.style import INK


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
    """Draw counts of test samples by category and class, colored by their share of the class.

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
    texts = np.array([[f"{count:,}" if count else "" for count in row] for row in sorted_counts.tolist()])
    scale = Scale("Blues", 0, 1, f"share of each {factor}'s test samples", [0, 0.5, 1], "{x:.0%}")
    figure = heat_map(
        [Panel(shares, texts)],
        [categories[row] for row in order],
        classes,
        scale,
        title=title,
        xlabel=factor,
        ylabel=f"category of {code}",
    )
    for row, category in enumerate(order):
        column = matching[category]
        if column is not None:
            frame = Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, clip_on=False, edgecolor=INK, linewidth=1.1)
            figure.axes[0].add_patch(frame)
    return figure
