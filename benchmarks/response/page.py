"""The page: a figure for each group of metrics, one row a score and one column a corruption, and a table."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.response.curves import DESCENDING, SUITE, Curves, Point
from disentangle_bench.metrics import METRICS
from disentangle_bench.metrics.groups import GROUPS, group_of
from disentangle_bench.reports.figures.style import CYCLE, FAINT, new_figure, style, write_figure
from disentangle_bench.reports.markdown import markdown_table
from disentangle_bench.storage import write_json, write_text
from disentangle_bench.suites.find import find_suite
from disentangle_bench.suites.synthetic import JITTER, SIZES, Synthetic

READING = Path(__file__).with_name("reading.md")
"""What the curves show, in words."""
SHOWN = {
    "dci": ("disentanglement", "completeness", "informativeness"),
    "dci-es": ("explicitness", "informativeness"),
    "infomec": ("infom", "infoc", "infoe"),
}
"""The metrics of which more than the headline has a row."""
WIDTH, HEIGHT = 1.15, 0.8
"""Of one panel, in inches."""
LOGARITHMIC = ("rows", "bins")
LEAST_RANGE = 0.1
"""Between chance and ceiling; of less, no share is given."""


class Heading(NamedTuple):
    """What stands above and below a column: the corruption, in two lines at most, and the unit of its levels."""

    title: str
    unit: str


HEADINGS: Mapping[str, Heading] = {
    "mixing": Heading("codes mixed\nin pairs", "degrees"),
    "noise": Heading("noise on\ncodes", "sd"),
    "dropped": Heading("factors\nnot encoded", "factors"),
    "spare": Heading("codes of\nnoise", "codes"),
    "duplicated": Heading("codes\nduplicated", "codes"),
    "warp": Heading("monotone\nwarp", "power"),
    "bins": Heading("codes\nrounded", "values"),
    "rows": Heading("samples", "number"),
    "correlation": Heading("factors\ncorrelated", "correlation"),
}
PREFACE = f"""# How metrics respond to corruption

What a metric sees, and what it does not: codes that hold every factor are corrupted in one way at a time, from nothing
to a lot, and scored. `dbench bench run {SUITE}` does this, half an hour on two cores. This page, its figures and
[the values](../benchmarks/response/values.json) are written from its results by `python -m benchmarks.response`.

"""
CAPTION = f"""How far each score moves from the first level to the last, as a share of the way from its ceiling to its
chance: 1 is all of it, and a negative share a rise. It is left out where a level has no value, and where ceiling and
chance are unknown or less than {LEAST_RANGE} apart.

"""


def write_page(curves: Curves, seeds: int, root: Path) -> None:
    """Write `docs/metric-response.md`, a figure for each group, and the values, into a checkout."""
    sections = []
    for group, about in GROUPS.items():
        rows = [row for row in shown(curves) if group_of(METRICS.get(row.partition(".")[0])) == group]
        if rows:
            name = f"{SUITE}-{group}"
            write_figure(figure(rows, curves), root / "docs" / "images", name, forms=("svg",))
            sections.append(f"\n## {group.capitalize()}\n\n{about.capitalize()}.\n\n![{group}](images/{name}.svg)\n")
    text = (
        PREFACE
        + setup(seeds)
        + READING.read_text(encoding="utf-8")
        + "\n"
        + CAPTION
        + table(curves)
        + "".join(sections)
    )
    write_text(root / "docs" / f"{SUITE}.md", text)
    values = {name: {of: [point.row for point in curves[name][of]] for of in HEADINGS} for name in shown(curves)}
    write_json(root / "benchmarks" / "response" / "values.json", values)


def setup(seeds: int) -> str:
    """Say what the codes are, and how often they were drawn."""
    *most, last = map(str, SIZES)
    perfect = Synthetic()
    drawn = "once" if seeds == 1 else f"{seeds} times; a curve is the mean, its shade the range"
    text = (
        f"There are four independent factors of {', '.join(most)} and {last} values, {perfect.rows:,} samples "
        f"and {len(SIZES) + perfect.spare} codes: one for each factor, standardized, with noise of {JITTER} sd, and "
        f"{perfect.spare} that are noise alone. Metrics have their default settings. The factors are drawn once, as a "
        f"dataset is; everything else is drawn {drawn}. Gray, between chance and ceiling."
    )
    return textwrap.fill(text, 120) + "\n\n"


def shown(curves: Curves) -> list[str]:
    """The scores that have a row, in the order of the suite's metrics."""
    rows = []
    for metric in find_suite(SUITE).metrics:
        if metric in SHOWN:
            rows += [f"{metric}.{component}" for component in SHOWN[metric]]
        else:
            rows += [name for name in curves if name == metric or name.startswith(f"{metric}.")][:1]
    return [row for row in rows if row in curves]


def figure(rows: Sequence[str], curves: Curves) -> Figure:
    """Draw one row a score and one column a corruption."""
    with style():
        drawn = new_figure(WIDTH * len(HEADINGS) + 1.2, HEIGHT * len(rows) + 0.7)
        panels = drawn.subplots(len(rows), len(HEADINGS), squeeze=False, sharex="col", sharey="row")
        for name, line in zip(rows, panels, strict=True):
            for corruption, panel in zip(HEADINGS, line, strict=True):
                draw(panel, corruption, curves[name][corruption])
            line[0].set_ylabel(name.replace(".", "\n"), rotation=0, ha="right", va="center")
        for (corruption, heading), first, last in zip(HEADINGS.items(), panels[0], panels[-1], strict=True):
            first.set_title(heading.title, loc="center", fontsize=8)
            last.set_xlabel(heading.unit)
            if corruption in DESCENDING:
                last.invert_xaxis()  # once, for the column shares it
        return drawn


def draw(panel: Axes, corruption: str, points: Sequence[Point]) -> None:
    """Draw the mean and the range over seeds, with chance and ceiling as the ends of a band."""
    band = [(of.level, of.chance, of.ceiling) for of in points if of.chance is not None and of.ceiling is not None]
    if band:
        x, chance, ceiling = np.array(band).T
        panel.fill_between(x, chance, ceiling, color=FAINT, alpha=0.5, linewidth=0)
    if curve := [of for of in points if of.known]:
        x = [of.level for of in curve]
        low, high = [min(of.known) for of in curve], [max(of.known) for of in curve]
        panel.fill_between(x, low, high, color=CYCLE[0], alpha=0.3, linewidth=0)
        panel.plot(x, [fmean(of.known) for of in curve], color=CYCLE[0], marker="o", markersize=2.5)
    if corruption in LOGARITHMIC:
        panel.set_xscale("log")
    ticks = (points[0].level, points[len(points) // 2].level, points[-1].level)
    panel.set_xticks(ticks, [f"{level / 1_000:g}k" if level >= 1_000 else f"{level:g}" for level in ticks])
    panel.minorticks_off()


def table(curves: Curves) -> str:
    """How far each score moves from the first level to the last, as a share of the way from ceiling to chance."""
    moves = {name: [moved(curves[name][corruption]) for corruption in HEADINGS] for name in shown(curves)}
    rows = [[name, *row] for name, row in moves.items() if any(row)]
    headings = ["Score", *(" ".join(heading.title.split()) for heading in HEADINGS.values())]
    return markdown_table(headings, rows, left=["Score"])


def moved(points: Sequence[Point]) -> str:
    """The share, with its sign; empty where a level has no value, or the first one no chance and ceiling far apart."""
    means, (first, *_) = [of.mean for of in points], points
    start, end = means[0], means[-1]
    if None in means or start is None or end is None or first.chance is None or first.ceiling is None:
        return ""
    width = first.ceiling - first.chance
    return "" if abs(width) < LEAST_RANGE else f"{(start - end) / width:z.2f}"
