"""`L_I` over training as in Figure 1 of arXiv:1606.03657, one panel per code, one line per run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from disentangle_bench.reports.figures.style import CYCLE, FAINT, INK, MUTED, new_figure, style

LOWEST = -0.5  # nats; an untrained sigma makes the first steps so low that nothing else would be seen


@dataclass(frozen=True)
class Curve:
    """The log of one run; runs of one `group`, such as the seeds of a recipe, share a colour and a legend entry."""

    group: str
    entries: Sequence[Mapping[str, Any]]

    def points(self, code: str) -> tuple[list[int], list[float]]:
        """Steps, and `L_I` of a code in nats at them; nothing where a step has no finite value."""
        pairs = [(entry["step"], entry.get("L_I", {}).get(code)) for entry in self.entries]
        known = [(int(step), float(value)) for step, value in pairs if value is not None and math.isfinite(value)]
        return [step for step, _ in known], [value for _, value in known]


def information_curves(curves: Sequence[Curve], ceilings: Mapping[str, Mapping[str, float]]) -> Figure:
    """`L_I` of every code over the training steps of one or more runs.

    Args:
        curves: the runs.
        ceilings: code name -> label -> nats, of the dashed lines that `L_I` cannot pass: `H(c)` of a categorical
            code. A continuous code has none, for its differential entropy bounds nothing.
    """
    colours = _colours(curves)
    with style():
        figure = new_figure(3.3 * len(ceilings) + 0.3, 2.9)
        panels = figure.subplots(1, len(ceilings), squeeze=False)[0]
        for axes, (code, lines) in zip(panels, ceilings.items(), strict=True):
            lowest = _draw(axes, curves, code, colours)
            _draw_ceilings(axes, lines)
            axes.set_ylim(bottom=max(lowest, LOWEST) - 0.05)
            axes.set_title(code)
            _finish(axes)
        panels[0].set_ylabel("$L_I$ (nats)")
        handles = [Line2D([], [], color=colour, label=group) for group, colour in colours.items()]
        figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 3))
    return figure


def _colours(curves: Sequence[Curve]) -> dict[str, str]:
    groups = dict.fromkeys(curve.group for curve in curves)
    return dict(zip(groups, cycle(CYCLE), strict=False))


def _draw(axes: Axes, curves: Sequence[Curve], code: str, colours: Mapping[str, str]) -> float:
    """Draw every run's line; the lowest value, or 0."""
    axes.axhline(0, color=MUTED, linewidth=0.7, zorder=1)
    lowest, last = 0.0, 1
    for curve in curves:
        steps, values = curve.points(code)
        dot = "o" if len(steps) == 1 else ""
        axes.plot(steps, values, marker=dot, color=colours[curve.group], linewidth=1.3, alpha=0.85, markersize=3)
        lowest, last = min([lowest, *values]), max([last, *steps])
    axes.set_xlim(0, last * 1.01)
    return lowest


def _draw_ceilings(axes: Axes, lines: Mapping[str, float]) -> None:
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
