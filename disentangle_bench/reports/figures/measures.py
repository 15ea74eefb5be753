"""How codes go with image measures: rank correlations as a heat map."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from disentangle_bench.reports.figures.style import INK, MINUS, MUTED, new_figure, style, without_frame


def measure_heat_map(
    panels: Mapping[str, NDArray[np.float64]],
    codes: Sequence[str],
    measures: Sequence[str],
    *,
    categorical: Collection[str] = (),
    title: str = "",
) -> Figure:
    """Draw rank correlations of codes and image measures, one panel per kind of images.

    Args:
        panels: panel title -> `(codes, measures)` in [-1, 1]; NaN where there is no value.
        codes: a name for each row.
        measures: a name for each column.
        categorical: the codes without an order, whose values are eta squared, in [0, 1], instead.
        title: above all panels.
    """
    with style():
        width = 0.72 * len(measures) * len(panels) + 1.3
        figure = new_figure(max(width, 3.2), 0.46 * len(codes) + 1.45)
        figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
        all_axes = list(figure.subplots(1, len(panels), squeeze=False, sharey=True)[0])
        drawn = [
            _panel(axes, values, [code in categorical for code in codes])
            for axes, values in zip(all_axes, panels.values(), strict=True)
        ]
        for axes, name in zip(all_axes, panels, strict=True):
            axes.set_title(name)
            axes.set_xticks(range(len(measures)), measures)
            axes.set_yticks(
                range(len(codes)), [rf"{code}, $\eta^2$" if code in categorical else code for code in codes]
            )
            without_frame(axes)
        bar = figure.colorbar(
            drawn[0], ax=all_axes, fraction=0.05, pad=0.015, ticks=[-1, -0.5, 0, 0.5, 1], format="{x:g}"
        )
        bar.outline.set_visible(False)
        bar.set_label("rank correlation" + (r", or $\eta^2$" if categorical else ""))
        bar.ax.tick_params(length=0)
    return figure


def _panel(axes: Axes, values: NDArray[np.float64], unsigned: Sequence[bool]) -> AxesImage:
    drawn = axes.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if np.isnan(value):
            text, color = "n/a", MUTED
        else:
            text = f"{value:.2f}" if unsigned[row] else f"{value:+z.2f}".replace("-", MINUS)
            color = "white" if abs(value) > 0.6 else INK
        axes.text(column, row, text, ha="center", va="center", fontsize=8, color=color)
    return drawn
