"""What updates report of each code over training, such as `L_I` in Figure 1 of arXiv:1606.03657: a line per run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from disentangle_bench.means import Mean
from disentangle_bench.reports.figures.fitting import widest
from disentangle_bench.reports.figures.style import CYCLE, FAINT, INK, MUTED, new_figure, style

LOWEST = -0.5  # nats; an untrained sigma makes the first steps so low that nothing else would be seen

MOST_COLUMNS = 4
LEGEND_SIZE = 8.5


@dataclass(frozen=True)
class Curve:
    """The log of one run; runs of one `group`, such as the seeds of a recipe, share a color and a legend entry."""

    group: str
    entries: Sequence[Mapping[str, Any]]

    def points(self, mean: Mean) -> tuple[list[int], list[float]]:
        """The steps that have a finite value of a mean, and the values."""
        pairs = [(entry["step"], mean.of(entry)) for entry in self.entries]
        known = [(int(step), float(value)) for step, value in pairs if value is not None and math.isfinite(value)]
        return [step for step, _ in known], [value for _, value in known]


def group_name(recipe: str, seeds: Sequence[int]) -> str:
    """What the legend calls the runs of a recipe."""
    return f"{recipe}, seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def information_curves(curves: Sequence[Curve], means: Iterable[Mean]) -> Figure:
    """Means of a group, a panel each, over the training steps of one or more runs.

    Args:
        curves: the runs.
        means: what they report. Means of the same name share a panel, in which each bound is a dashed line: that of
            a categorical code's `L_I` is its entropy, which may differ between runs. Panels without a bound share their
            vertical axis.
    """
    shown: dict[str, list[Mean]] = {}
    for mean in means:
        shown.setdefault(mean.key, []).append(mean)
    colors = dict(zip(dict.fromkeys(curve.group for curve in curves), cycle(CYCLE), strict=False))
    first = next((same[0].group for same in shown.values()), "")
    rows = math.ceil(len(shown) / MOST_COLUMNS)
    columns = math.ceil(len(shown) / rows)  # of five panels three, so that none is alone in its row
    width = max(3.3 * columns + 0.3, widest(colors, LEGEND_SIZE) + 0.9)
    side_by_side = max(min(len(colors), int((width - 0.3) / (widest(colors, LEGEND_SIZE) + 0.6)), 3), 1)
    with style():
        figure = new_figure(width, 2.5 * rows + 0.2 + 0.19 * math.ceil(len(colors) / side_by_side))
        panels = list(figure.subplots(rows, columns, squeeze=False).flat)
        for axes in panels[len(shown) :]:
            axes.set_visible(False)
        for place, (axes, same) in enumerate(zip(panels, shown.values(), strict=False)):
            lowest = _draw(axes, curves, same[0], colors)
            _draw_bounds(axes, same)
            axes.set_ylim(bottom=max(lowest, LOWEST) - 0.05)
            axes.set_title(_title(same[0], first), parse_math=False)
            _finish(axes)
            if place % columns == 0:
                unit = f" ({same[0].unit})" if same[0].unit else ""
                axes.set_ylabel(f"${same[0].group}${unit}")
        _share([axes for axes, same in zip(panels, shown.values(), strict=False) if not _bounds(same)])
        handles = [Line2D([], [], color=color, label=group) for group, color in colors.items()]
        figure.legend(handles=handles, loc="outside lower center", ncols=side_by_side)
    return figure


def _title(mean: Mean, first: str) -> str:
    """What a panel shows; the group is named where it is not that of the first one, which the axis names."""
    return mean.name if mean.group == first else f"{mean.group} of {mean.name}"


def _share(panels: Sequence[Axes]) -> None:
    """Give panels one vertical axis, so that codes without a bound can be compared."""
    limits = [axes.get_ylim() for axes in panels]
    for axes in panels:
        axes.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))


def _draw(axes: Axes, curves: Sequence[Curve], mean: Mean, colors: Mapping[str, str]) -> float:
    """Draw every run's line; the lowest value, or 0."""
    axes.axhline(0, color=MUTED, linewidth=0.7, zorder=1)
    lowest, last = 0.0, 1
    for curve in curves:
        steps, values = curve.points(mean)
        dot = "o" if len(steps) == 1 else ""
        axes.plot(steps, values, marker=dot, color=colors[curve.group], linewidth=1.3, alpha=0.85, markersize=3)
        lowest, last = min([lowest, *values]), max([last, *steps])
    axes.set_xlim(0, last * 1.01)
    return lowest


def _bounds(means: Iterable[Mean]) -> dict[str, float]:
    """Label -> value of each bound that one of these has."""
    return {f"{mean.bound_label} = {mean.bound:.3f}": mean.bound for mean in means if mean.bound is not None}


def _draw_bounds(axes: Axes, means: Iterable[Mean]) -> None:
    lines = _bounds(means)
    for label, value in lines.items():
        axes.axhline(value, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=3)
        axes.annotate(label, (1, value), (0, 4), xycoords=("axes fraction", "data"), textcoords="offset points",
                      ha="right", va="bottom", fontsize=8,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})  # fmt: skip
    if lines:
        axes.set_ylim(top=max(lines.values()) * 1.16)


def _finish(axes: Axes) -> None:
    axes.set_xlabel("training step")
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10], integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
