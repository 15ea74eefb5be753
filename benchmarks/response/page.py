"""The page: a figure for each group of metrics, one row a score and one column a corruption, and a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.response.corruptions import CLASSES, CORRUPTIONS, JITTER, ROWS, SPARE
from benchmarks.response.measure import Measured, Scores, metrics
from disentangle_bench.metrics import METRICS
from disentangle_bench.metrics.groups import GROUPS, group_of
from disentangle_bench.reports.figures.style import CYCLE, FAINT, new_figure, style, write_figure
from disentangle_bench.reports.markdown import markdown_table
from disentangle_bench.storage import write_json, write_text

READING = Path(__file__).with_name("reading.md")
"""What the curves show, in words."""
SHOWN = {"dci": ("disentanglement", "completeness", "informativeness"), "infomec": ("infom", "infoc", "infoe")}
"""The metrics of which more than the headline has a row."""
WIDTH, HEIGHT = 1.15, 0.8
"""Of one panel, in inches."""
LOGARITHMIC = ("rows", "bins")


def write_page(scores: Scores, root: Path) -> None:
    """Write `docs/metric-response.md`, a figure for each group, and the values, into a checkout."""
    sections = []
    for group, about in GROUPS.items():
        rows = [row for metric in metrics() if group_of(METRICS.get(metric)) == group for row in _rows(metric, scores)]
        if rows:
            name = f"metric-response-{group}"
            write_figure(figure(rows, scores), root / "docs" / "images", name, forms=("svg",))
            sections.append(f"\n## {group.capitalize()}\n\n{about.capitalize()}.\n\n![{group}](images/{name}.svg)\n")
    seeds = len({case.seed for case in scores})
    drawn = "drawn once" if seeds == 1 else f"drawn {seeds} times; a curve is the mean, its shade the range"
    reading = READING.read_text(encoding="utf-8")
    text = f"{PREFACE}{drawn}.\n\n{reading}\n{table(scores)}{''.join(sections)}"
    write_text(root / "docs" / "metric-response.md", text)
    write_json(root / "benchmarks" / "response" / "values.json", values_of(scores))


def values_of(scores: Scores) -> dict[str, dict[str, list[list[float | None]]]]:
    """Score -> corruption -> for each level chance, ceiling and the value of each seed, to four digits."""
    return {
        name: {
            corruption: [_row(name, corruption, level, scores) for level in CORRUPTIONS[corruption].levels]
            for corruption in CORRUPTIONS
        }
        for metric in metrics()
        for name in _rows(metric, scores)
    }


def _row(name: str, corruption: str, level: float, scores: Scores) -> list[float | None]:
    found = _of(name, corruption, level, scores)
    numbers = [found[0].chance, found[0].ceiling, *(of.value for of in found)] if found else []
    return [None if number is None else float(f"{number:.4g}") for number in numbers]


PREFACE = f"""# How metrics respond to corruption

What a metric sees, and what it does not: codes that hold every factor are corrupted in one way at a time, from nothing
to a lot, and scored by `dbench eval`. This page, its figures and
[the values](../benchmarks/response/values.json) are the output of `python -m benchmarks.response`, and
`python -m benchmarks.response --write DIR` writes the codes and a suite of them, `DIR/metric-response.toml`, for
`dbench bench run`.

There are four independent factors of {", ".join(map(str, CLASSES[:-1]))} and {CLASSES[-1]} values, {ROWS:,} samples,
and {4 + SPARE} codes: one for each factor, standardized, with noise of {JITTER} sd, and {SPARE} that are noise alone.
Metrics have their default settings. Everything is """


def _rows(metric: str, scores: Scores) -> list[str]:
    """The scores of a metric that are shown."""
    if metric in SHOWN:
        return [f"{metric}.{component}" for component in SHOWN[metric]]
    first = next(iter(scores.values()))
    return [name for name in first if name == metric or name.startswith(f"{metric}.")][:1]


def _of(name: str, corruption: str, level: float, scores: Scores) -> list[Measured]:
    """A score of one corruption at one level, seed by seed."""
    cases = [case for case in scores if (case.corruption, case.level) == (corruption, level)]
    return [scores[case][name] for case in cases if name in scores[case]]


def _curve(name: str, corruption: str, scores: Scores) -> list[tuple[float, list[float]]]:
    """Level -> the values of all seeds, where there are any."""
    levels = CORRUPTIONS[corruption].levels
    values = {level: [of.value for of in _of(name, corruption, level, scores)] for level in levels}
    known = [(level, [value for value in of if value is not None]) for level, of in values.items()]
    return [(level, of) for level, of in known if of]


def figure(rows: Sequence[str], scores: Scores) -> Figure:
    """Draw one row a score and one column a corruption."""
    with style():
        drawn = new_figure(WIDTH * len(CORRUPTIONS) + 1.2, HEIGHT * len(rows) + 0.7)
        panels = drawn.subplots(len(rows), len(CORRUPTIONS), squeeze=False, sharex="col", sharey="row")
        for name, line in zip(rows, panels, strict=True):
            for corruption, panel in zip(CORRUPTIONS, line, strict=True):
                _draw(panel, name, corruption, scores)
            line[0].set_ylabel(name.replace(".", "\n"), rotation=0, ha="right", va="center")
        for of, first, last in zip(CORRUPTIONS.values(), panels[0], panels[-1], strict=True):
            first.set_title(of.title, loc="center", fontsize=8)
            last.set_xlabel(of.unit)
            if of.levels[0] > of.levels[-1]:
                last.invert_xaxis()  # once, for the column shares it
        return drawn


def _draw(panel: Axes, name: str, corruption: str, scores: Scores) -> None:
    """Draw the mean and the range over seeds, with chance and ceiling as the ends of a band."""
    levels = CORRUPTIONS[corruption].levels
    first = [of[0] if (of := _of(name, corruption, level, scores)) else None for level in levels]
    band = [
        (level, of.chance, of.ceiling)
        for level, of in zip(levels, first, strict=True)
        if of is not None and of.chance is not None and of.ceiling is not None
    ]
    if band:
        x, chance, ceiling = np.array(band).T
        panel.fill_between(x, chance, ceiling, color=FAINT, alpha=0.5, linewidth=0)
    if curve := _curve(name, corruption, scores):
        x = [level for level, _ in curve]
        panel.fill_between(x, [min(of) for _, of in curve], [max(of) for _, of in curve], color=CYCLE[0], alpha=0.3)
        panel.plot(x, [fmean(of) for _, of in curve], color=CYCLE[0], marker="o", markersize=2.5)
    if corruption in LOGARITHMIC:
        panel.set_xscale("log")
    shown = (levels[0], levels[len(levels) // 2], levels[-1])
    panel.set_xticks(shown, [f"{level / 1_000:g}k" if level >= 1_000 else f"{level:g}" for level in shown])
    panel.minorticks_off()


def table(scores: Scores) -> str:
    """How far each score moves from the first level to the last, as a share of the way from ceiling to chance."""
    rows = [
        [name, *(_moved(name, corruption, scores) for corruption in CORRUPTIONS)]
        for metric in metrics()
        for name in _rows(metric, scores)
    ]
    headings = ["Score", *(corruption.title for corruption in CORRUPTIONS.values())]
    return markdown_table(headings, rows, left=["Score"])


def _moved(name: str, corruption: str, scores: Scores) -> str:
    curve = _curve(name, corruption, scores)
    start = _of(name, corruption, CORRUPTIONS[corruption].levels[0], scores)
    if len(curve) < len(CORRUPTIONS[corruption].levels) or not start:
        return ""
    chance, ceiling = start[0].chance, start[0].ceiling
    if chance is None or ceiling is None or chance == ceiling:
        return ""
    return f"{(fmean(curve[0][1]) - fmean(curve[-1][1])) / (ceiling - chance):z.2f}"
