"""Scores against one hyper-parameter, a panel for each score: every seed a point, a line through the means."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from disentangle_bench.reports.figures.fitting import wrapped
from disentangle_bench.reports.figures.seed_strip import ODD_POINT, POINT, Seed
from disentangle_bench.reports.figures.style import FAINT, INK, MUTED, new_figure, style

MOST_COLUMNS = 3
WIDTH, HEIGHT = 3.1, 2.35
"""Inches of a panel."""
WIDE_RANGE = 20.0
"""The axis is logarithmic where the largest setting is so many times the smallest."""


@dataclass(frozen=True)
class Series:
    """One score: its name and unit, its seeds at each value of the setting, and chance and ceiling."""

    name: str
    seeds: Mapping[float, Sequence[Seed]]
    chance: Sequence[float] = ()
    ceiling: Sequence[float] = ()


def against_setting(series: Sequence[Series], setting: str) -> Figure:
    """Draw scores against a hyper-parameter.

    Args:
        series: the scores.
        setting: the name of the hyper-parameter.
    """
    columns = min(len(series), MOST_COLUMNS)
    rows = math.ceil(len(series) / columns)
    with style():
        figure = new_figure(WIDTH * columns + 0.2, HEIGHT * rows + 0.2)
        panels = list(figure.subplots(rows, columns, squeeze=False).flat)
        for axes in panels[len(series) :]:
            axes.set_visible(False)
        for axes, of in zip(panels, series, strict=False):
            _draw(axes, of)
            axes.set_title(wrapped(of.name, WIDTH - 0.7), parse_math=False)
            axes.set_xlabel(wrapped(setting, WIDTH - 0.7, 8.5), parse_math=False)
    return figure


def _draw(axes: Axes, series: Series) -> None:
    for level, dashes in ((series.chance, (0, (3, 2))), (series.ceiling, "-")):
        if level:
            axes.axhline(level[0], color=MUTED, linewidth=0.9, linestyle=dashes, zorder=1)
    settings = sorted(of for of, seeds in series.seeds.items() if seeds)
    means = [math.fsum(seed.value for seed in series.seeds[of]) / len(series.seeds[of]) for of in settings]
    axes.plot(settings, means, color=INK, linewidth=1.1, zorder=2)
    for collapsed, color, marker in ((False, POINT, "o"), (True, ODD_POINT, "D")):
        points = [(of, seed) for of in settings for seed in series.seeds[of] if seed.collapsed is collapsed]
        if points:
            drawn = axes.scatter(
                [of for of, _ in points], [seed.value for _, seed in points], s=26, c=color, alpha=0.8, marker=marker,
                edgecolors="white", linewidths=0.6, zorder=3,
            )  # fmt: skip
            drawn.set_urls([seed.url or None for _, seed in points])
    if settings and settings[0] > 0 and settings[-1] >= WIDE_RANGE * settings[0]:
        axes.set_xscale("log")
    axes.margins(x=0.08)
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
