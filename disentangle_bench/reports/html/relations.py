"""The fifth section: scores against scores, and scores against a hyper-parameter that entries differ in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from disentangle_bench.reports.figures.against_setting import Series, against_setting
from disentangle_bench.reports.figures.agreement import FEWEST, agreement_map, spearman
from disentangle_bench.reports.figures.seed_strip import Seed
from disentangle_bench.reports.html.anchors import anchors
from disentangle_bench.reports.html.content import ReportContent
from disentangle_bench.reports.html.picture import Picture, picture
from disentangle_bench.reports.html.svg import Mark
from disentangle_bench.reports.suite_table import COLLAPSED, Column

DOWNSTREAM = "downstream"
"""The metric of what codes are good for; its variants begin with it."""
MOST_PANELS = 12


def agreement(content: ReportContent) -> list[Picture]:
    """Draw the rank correlations of all pairs of scores over the cells of each dataset, and those with downstream."""
    pictures = []
    datasets = list(dict.fromkeys(of.dataset for of in content.entries.values()))
    for dataset, name in zip(datasets, anchors("agreement", datasets), strict=True):
        values, columns = _values(content, dataset)
        if len(columns) < 2:
            continue
        found, names = spearman(values), [column.score for column in columns]
        others_finite = (np.isfinite(found) & ~np.eye(len(found), dtype=bool)).sum(axis=0)
        related = np.flatnonzero(others_finite)
        if not len(related):
            continue
        unrelated = ", ".join(names[place] for place in np.flatnonzero(others_finite == 0))
        found, names = found[np.ix_(related, related)], [names[place] for place in related]
        over = f"over {len(values)} cells" + (f" on {dataset}" if dataset else "")
        caption = f"Score against score: rank correlations {over}, of values as they are, whether high or low is better"
        caption += f"; there are none with {unrelated}" if unrelated else ""
        pictures.append(_map(found, names, names, name, caption))
        used = [place for place, of in enumerate(names) if of.startswith(DOWNSTREAM)]
        others = [place for place, of in enumerate(names) if not of.startswith(DOWNSTREAM)]
        if used and others:
            caption = f"Scores against downstream performance: rank correlations {over}"
            rows, across = [names[place] for place in used], [names[place] for place in others]
            pictures.append(_map(found[np.ix_(used, others)], rows, across, f"{name}-downstream", caption))
    return pictures


def _values(content: ReportContent, dataset: str) -> tuple[np.ndarray, list[Column]]:
    """The values of the cells of one dataset `(cells, scores)`, and the scores that at least four cells have."""
    runs = [run for run in content.runs if content.entries[run.entry].dataset == dataset]
    entries = content.table.entries
    every = [
        [entries[run.entry][column.score].values.get(run.seed) for column in content.table.columns] for run in runs
    ]
    values = np.array(every, dtype=np.float64).reshape(len(runs), len(content.table.columns))
    enough = [place for place in range(values.shape[1]) if np.isfinite(values[:, place]).sum() >= FEWEST]
    kept = values[:, enough]
    return kept[np.isfinite(kept).any(axis=1)], [content.table.columns[place] for place in enough]


def _map(values: np.ndarray, rows: Sequence[str], columns: Sequence[str], name: str, caption: str) -> Picture:
    records = [
        (rows[row], columns[column], None if np.isnan(value) else float(value))
        for (row, column), value in np.ndenumerate(values)
    ]
    figure = agreement_map(values, rows, columns)
    return picture(figure, name, caption, ("score", "other", "rank correlation"), records, wide=len(columns) > 6)


@dataclass(frozen=True)
class Sweep:
    """Entries that differ in one hyper-parameter alone, or in several that change together.

    Attributes:
        settings: the dotted keys; entries stand in the order of the first.
        values: entry -> the value of the first.
    """

    settings: tuple[str, ...]
    values: dict[str, float]


def sweeps(content: ReportContent) -> list[Sweep]:
    """Find the hyper-parameters that entries differ in."""
    entries = {name: of.settings for name, of in content.entries.items() if of.settings}
    keys = list(dict.fromkeys(key for of in entries.values() for key in of))
    differing = [key for key in keys if len({repr(of.get(key)) for of in entries.values()}) > 1]
    found: dict[tuple[str, ...], Sweep] = {}
    for key in differing:
        groups: dict[str, list[str]] = {}
        for name, of in entries.items():
            groups.setdefault(repr([of.get(other) for other in differing if other != key]), []).append(name)
        for names in groups.values():
            _add(found, (key,), names, entries)
    alike: dict[tuple[str, str], list[str]] = {}
    for name in entries:
        alike.setdefault((content.entries[name].model, content.entries[name].dataset), []).append(name)
    for names in alike.values():
        together = [key for key in differing if len({repr(entries[name].get(key)) for name in names}) == len(names)]
        if {key for key in differing if len({repr(entries[name].get(key)) for name in names}) > 1} == set(together):
            _add(found, tuple(together), names, entries)
    return list(found.values())


def _add(found: dict[tuple[str, ...], Sweep], keys: tuple[str, ...], names: Sequence[str], entries: Any) -> None:
    """Add entries to the sweep of a hyper-parameter, if its values are numbers that differ."""
    values = {name: entries[name].get(keys[0]) for name in names} if keys else {}
    numbers = [value for value in values.values() if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) == len(names) and len(set(numbers)) == len(numbers) > 1:
        ordered = dict(sorted(((name, float(values[name])) for name in names), key=lambda pair: pair[1]))
        found.setdefault((*keys, *ordered), Sweep(keys, ordered))


def against_settings(content: ReportContent, places: Sequence[str]) -> list[Picture]:
    """Draw the scores against each hyper-parameter that entries differ in.

    Args:
        content: of the report.
        places: the anchor of each run.
    """
    every = sweeps(content)
    names = anchors("against", [sweep.settings[0] for sweep in every])
    return [_sweep(content, sweep, name, places) for sweep, name in zip(every, names, strict=True)]


def _sweep(content: ReportContent, sweep: Sweep, name: str, places: Sequence[str]) -> Picture:
    marks: dict[str, Mark] = {}
    records: list[tuple[object, ...]] = []
    series = []
    for column in content.table.columns[:MOST_PANELS]:
        seeds: dict[float, list[Seed]] = {}
        for run, place in zip(content.runs, places, strict=True):
            value = content.table.entries[run.entry][column.score].values.get(run.seed)
            if run.entry not in sweep.values or value is None:
                continue
            setting, url, collapsed = sweep.values[run.entry], f"mark:{len(marks)}", run.state == COLLAPSED
            marks[url] = Mark(f"{run.entry}, seed {run.seed}: {value:.4g}{', collapsed' if collapsed else ''}", place)
            seeds.setdefault(setting, []).append(Seed(value, collapsed, url))
            records.append((run.entry, setting, run.seed, column.score, value))
        if seeds:
            series.append(Series(column.title, seeds, column.chance, column.ceiling))
    label = ", ".join(sweep.settings)
    figure = against_setting(series, label)
    caption = f"Scores against {label}: every seed, and the line of the means"
    headings = ("entry", sweep.settings[0], "seed", "score", "value")
    return picture(figure, name, caption, headings, records, marks=marks, wide=True)
