"""One score of every seed, a row for each entry: points, the mean with its interval, chance and ceiling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from disentangle_bench.reports.figures.fitting import extent, label_rows, short, widest, wrapped
from disentangle_bench.reports.figures.style import CYCLE, FAINT, INK, MUTED, new_figure, style, without_frame

PITCH = 0.34
"""Inches from one row to the next."""
WIDTH = 3.4
"""Inches of the horizontal axis."""
MARGIN = 0.3
"""Inches above it, for the names of levels, and to its right."""
LABEL_SIZE = 8.5
FEW = 3
"""Seeds that stand on one line; more are moved apart a little."""
POINT, ODD_POINT = CYCLE[0], CYCLE[1]


@dataclass(frozen=True)
class Seed:
    """One point: its value, whether its training collapsed, and the URL that stands for it in SVG."""

    value: float
    collapsed: bool = False
    url: str = ""


@dataclass(frozen=True)
class StripRow:
    """One entry: its name, its seeds, and their mean with its interval."""

    name: str
    seeds: Sequence[Seed]
    mean: float | None = None
    low: float | None = None
    high: float | None = None


def seed_strip(
    rows: Sequence[StripRow], xlabel: str, *, chance: Sequence[float] = (), ceiling: Sequence[float] = ()
) -> Figure:
    """Draw the seeds of every entry on one axis.

    Args:
        rows: the entries, from the top.
        xlabel: the score and its unit.
        chance: the lowest and the highest over all cells; empty if there is none.
        ceiling: likewise.
    """
    names, below = [row.name for row in rows], wrapped(xlabel, WIDTH, LABEL_SIZE)
    left, bottom = widest(map(short, names)) + 0.15, 0.4 + extent(below, LABEL_SIZE)[1]
    width, height = left + WIDTH + MARGIN, bottom + PITCH * len(rows) + MARGIN
    with style():
        figure = new_figure(width, height, layout=None)
        axes = figure.add_axes((left / width, bottom / height, WIDTH / width, PITCH * len(rows) / height))
        for level, label in ((chance, "chance"), (ceiling, "ceiling")):
            _draw_level(axes, level, label)
        for place, row in enumerate(rows):
            _draw_row(axes, place, row)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        label_rows(axes, range(len(rows)), names, PITCH)
        axes.set_xlabel(below, parse_math=False)
        axes.margins(x=0.04)
        without_frame(axes)
        axes.grid(axis="x", color=FAINT, linewidth=0.5)
        axes.set_axisbelow(True)
    return figure


def _draw_level(axes: Axes, ends: Sequence[float], label: str) -> None:
    if not ends:
        return
    low, high = min(ends), max(ends)
    if high > low:
        axes.axvspan(low, high, color=FAINT, linewidth=0, zorder=0)
    axes.axvline(low, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)) if label == "chance" else "-", zorder=1)
    axes.annotate(
        label, (low, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points",
        ha="center", va="bottom", fontsize=7.5, color=MUTED,
    )  # fmt: skip


def _draw_row(axes: Axes, place: int, row: StripRow) -> None:
    axes.axhline(place, color=FAINT, linewidth=0.5, zorder=0)
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [place, place], color=INK, linewidth=1.1, zorder=2, solid_capstyle="butt")
    if row.mean is not None:
        axes.plot([row.mean] * 2, [place - 0.24, place + 0.24], color=INK, linewidth=1.6, zorder=2)
    for collapsed, color, marker in ((False, POINT, "o"), (True, ODD_POINT, "D")):
        seeds = [(number, seed) for number, seed in enumerate(row.seeds) if seed.collapsed is collapsed]
        if seeds:
            apart = 0.11 if len(row.seeds) > FEW else 0.0  # where there are so many that they would hide each other
            heights = [place + apart * (number * 2 % 5 - 2) for number, _ in seeds]
            points = axes.scatter(
                [seed.value for _, seed in seeds], heights, s=34, c=color, alpha=0.8, marker=marker,
                edgecolors="white", linewidths=0.6, zorder=3,
            )  # fmt: skip
            points.set_urls([seed.url or None for _, seed in seeds])
