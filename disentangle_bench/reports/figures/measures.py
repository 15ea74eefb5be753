"""Which code moves which measure of the picture: rank correlations as a heat map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from disentangle_bench.reports.figures.style import INK, MUTED, new_figure, style, without_frame


def measure_heat_map(
    panels: Mapping[str, NDArray[np.float64]], codes: Sequence[str], measures: Sequence[str], *, title: str = ""
) -> Figure:
    """Rank correlations of codes and image measures, one panel per kind of images.

    Args:
        panels: panel title -> `(codes, measures)` in [-1, 1]; NaN where there is no value.
        codes: a name for each row.
        measures: a name for each column.
        title: above all panels.
    """
    with style():
        width = 0.72 * len(measures) * len(panels) + 1.3
        figure = new_figure(max(width, 3.2), 0.46 * len(codes) + 1.45)
        figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
        all_axes = list(figure.subplots(1, len(panels), squeeze=False, sharey=True)[0])
        drawn = [
            _panel(axes, name, values, codes, measures)
            for axes, (name, values) in zip(all_axes, panels.items(), strict=True)
        ]
        bar = figure.colorbar(
            drawn[0], ax=all_axes, fraction=0.05, pad=0.015, ticks=[-1, -0.5, 0, 0.5, 1], format="{x:g}"
        )
        bar.outline.set_visible(False)
        bar.set_label("rank correlation")
        bar.ax.tick_params(length=0)
    return figure


def _panel(
    axes: Axes, name: str, values: NDArray[np.float64], codes: Sequence[str], measures: Sequence[str]
) -> AxesImage:
    drawn = axes.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if np.isnan(value):
            text, colour = "n/a", MUTED
        else:
            text, colour = f"{value:+.2f}", "white" if abs(value) > 0.6 else INK
        axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
    axes.set_xticks(range(len(measures)), measures)
    axes.set_yticks(range(len(codes)), codes)
    axes.set_title(name)
    without_frame(axes)
    return drawn
