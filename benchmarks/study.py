"""Write the tables and the figures of docs/study.md, from what is published of it: `python -m benchmarks.study`.

`benchmarks/results/SUITE/ranking.json` holds what needs the codes of several models, which are not published:

    cd runs/bench/SUITE && dbench rank cells/*/*/run --format json > ../../../benchmarks/results/SUITE/ranking.json
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.readme import RESULTS, ROOT, opened, rewrite
from disentangle_bench.reports.figures.agreement import agreement_map, spearman
from disentangle_bench.reports.figures.seed_strip import Seed, StripRow, seed_strip
from disentangle_bench.reports.figures.style import write_figure
from disentangle_bench.reports.markdown import markdown_table
from disentangle_bench.reports.numbers import say, say_interval
from disentangle_bench.reports.suite_table import COLLAPSED, SuiteTable, Summary
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.cell import Cell
from disentangle_bench.suites.state import COMPLETE

PAGE, IMAGES = ROOT / "docs" / "study.md", ROOT / "docs" / "images"
SUITES = {"sprites": "comparators-sprites", "heads3d": "comparators-heads3d"}
BEGIN, END = "<!-- study of {}: python -m benchmarks.study -->\n", "<!-- end of study of {} -->\n"
SCORES = {
    "mig": "MIG",
    "sap": "SAP",
    "modularity": "modularity",
    "infomec.infom": "InfoM",
    "infomec.infoc": "InfoC",
    "explicitness.test": "explicitness",
    "irs": "IRS",
    "beta-vae-score": "BetaVAE",
    "factor-vae-score": "FactorVAE",
    "dci.disentanglement": "DCI, D",
    "downstream.accuracy.100": "probe, 100 labels",
    "downstream.accuracy.most": "probe, all labels",
}
"""Scores of codes and factors, which every entry has -> their headings."""
PROBE = "downstream.accuracy.most"
UNSUPERVISED = {
    "udr/lasso": "UDR, lasso",
    "udr/spearman": "UDR, Spearman",
    "model-centrality": "ModelCentrality",
    "elbo": "ELBO",
    "active-units": "active units",
    "gaussian-total-correlation": "total correlation of the codes",
}
"""Scores that need no factors -> their names."""
STRIPS = ("mig", "explicitness.test")
DRAWS, CONFIDENCE = 2_000, 0.95
FEWEST = 6
"""Models; an interval over fewer says nothing."""

Values = Mapping[Cell, Mapping[str, float]]
"""Cell -> score -> value, of cells that have ended."""


def section(dataset: str) -> str:
    """What the study found on a dataset, with the marks around it."""
    name = SUITES[dataset]
    if not (ROOT / RESULTS / name).is_dir():
        return BEGIN.format(dataset) + f"Not run here (`dbench bench run {name}`).\n" + END.format(dataset)
    bench = opened(name)
    values, table = values_of(bench, name), bench.table(every=True)
    strips = "".join(f"![{SCORES[score]}: every seed]({image(dataset, score)})\n\n" for score in STRIPS)
    parts = [
        f"{trained(bench, table, name)}\n\n",
        f"{scores_table(bench, table, values)}\n",
        strips,
        f"![Rank correlations of scores]({image(dataset, 'agreement')})\n\n",
        f"{relations(values)}",
    ]
    return BEGIN.format(dataset) + "".join(parts) + END.format(dataset)


def image(dataset: str, score: str) -> str:
    return f"images/{figure_name(dataset, score)}.svg"


def figure_name(dataset: str, score: str) -> str:
    return f"study-{dataset}-{re.sub('[^a-z0-9]+', '-', score)}"


def trained(bench: Bench, table: SuiteTable, name: str) -> str:
    """How many cells there are, and how long they took."""
    seconds = [cell.seconds for cell in table.cells if cell.seconds is not None]
    counts = Counter(cell.state for cell in table.cells)
    states = ", ".join(f"{number} {state}" for state, number in counts.most_common())
    return (
        f"*{bench.suite.title}* (`dbench bench run {name}`): {states}; {sum(seconds) / 3600:.1f} hours of one core in "
        f"all, {round(min(seconds) / 60)} to {round(max(seconds) / 60)} minutes a cell "
        f"([all scores](../{(RESULTS / name).as_posix()}/README.md))."
    )


@cache
def rankings(name: str) -> Mapping[tuple[str, int], Mapping[str, float]]:
    """Entry and seed -> what compares the codes of several models."""
    path = ROOT / RESULTS / name / "ranking.json"
    if not path.is_file():
        return {}
    ranking = json.loads(path.read_text(encoding="utf-8"))
    found = {}
    for model in ranking["models"]:
        entry, seed = re.search(r"cells/([^/]+)/seed-(\d+)-", model["name"]).groups()  # type: ignore[union-attr]
        places = zip(ranking["criteria"], model["places"], strict=True)
        found[entry, int(seed)] = {of: place["score"] for of, place in places if place["score"] is not None}
    return found


def values_of(bench: Bench, name: str) -> Values:
    """What is known of each cell that has ended."""
    ended = {planned.cell for planned in bench.plan() if planned.state in COMPLETE}
    return {
        cell: {score: of["value"] for score, of in found.scores.items() if of.get("value") is not None}
        | dict(rankings(name).get((cell.entry, cell.seed), {}))
        for cell, found in bench.found().items()
        if cell in ended
    }


def scores_table(bench: Bench, table: SuiteTable, values: Values) -> str:
    """Entries by scores, each with the mean over seeds, its interval and its tie groups."""
    columns = {column.score: column for column in table.columns}
    shown = [score for score in SCORES if score in columns]
    levels = [
        [name, *(" to ".join(dict.fromkeys(say(end, 2) for end in getattr(columns[score], name))) for score in shown)]
        for name in ("chance", "ceiling")
    ]
    entries = [entry for entry in table.entries if any(cell.entry == entry for cell in values)]
    rows = [[f"`{entry}`", *(mean_of(table.entries[entry][score]) for score in shown)] for entry in entries]
    headings = ["", *(SCORES[score] for score in shown)]
    return markdown_table(headings, [*levels, *rows], left=headings)


def mean_of(summary: Summary) -> str:
    """`0.41 [0.35, 0.47] ab`; one seed has no interval."""
    if summary.mean is None:
        return ""
    interval = say_interval(summary.low, summary.high, 2) if summary.low is not None else ""
    return " ".join(filter(None, (say(summary.mean, 2), interval, summary.letters)))


def relations(values: Values) -> str:
    """How scores go with downstream performance, and those without factors with MIG."""
    rows = [
        [what, against, *correlation(values, score, other)]
        for names, other, against in (
            ({key: of for key, of in SCORES.items() if key != PROBE}, PROBE, SCORES[PROBE]),
            (UNSUPERVISED, "mig", "MIG"),
            (UNSUPERVISED, PROBE, SCORES[PROBE]),
        )
        for score, what in names.items()
    ]
    headings = ["score", "against", "rank correlation", "95 % interval over models", "runs (models)"]
    return markdown_table(headings, [row for row in rows if row[2]], left=headings) + "\n"


def correlation(values: Values, score: str, other: str) -> tuple[str, str, str]:
    """Spearman's rank correlation over runs, and its interval: models are drawn anew, each with all its seeds."""
    known = [(cell.entry, of[score], of[other]) for cell, of in values.items() if score in of and other in of]
    models = list(dict.fromkeys(entry for entry, _, _ in known))
    pairs = {model: np.array([pair for entry, *pair in known if entry == model]) for model in models}
    whole = spearman(np.concatenate(list(pairs.values()))) if known else np.full((2, 2), np.nan)
    if np.isnan(whole[0, 1]):
        return "", "", ""
    count = f"{len(known)} ({len(models)})"
    if len(models) < FEWEST:
        return say(whole[0, 1], 2), "", count
    rng = np.random.default_rng(0)
    draws = [spearman(np.concatenate([pairs[name] for name in rng.choice(models, len(models))])) for _ in range(DRAWS)]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile([draw[0, 1] for draw in draws], [tail, 1 - tail])
    return say(whole[0, 1], 2), say_interval(low, high, 2), count


def figures(dataset: str) -> Iterator[tuple[str, Figure]]:
    """The figures of a dataset, by their names."""
    bench = opened(SUITES[dataset])
    table, values = bench.table(every=True), values_of(bench, SUITES[dataset])
    columns = {column.score: column for column in table.columns}
    for score in STRIPS:
        column = columns[score]
        rows = list(strip_rows(table, score, values))
        yield figure_name(dataset, score), seed_strip(rows, column.title, chance=column.chance, ceiling=column.ceiling)
    scores = [score for score in {**SCORES, **UNSUPERVISED} if sum(score in of for of in values.values()) >= FEWEST]
    names = [{**SCORES, **UNSUPERVISED}[score] for score in scores]
    yield figure_name(dataset, "agreement"), agreement_map(spearman(matrix(values, scores)), names, names)


def matrix(values: Values, scores: Sequence[str]) -> NDArray[np.float64]:
    """`(cells, scores)`; NaN where a cell has no value."""
    return np.array([[of.get(score, np.nan) for score in scores] for of in values.values()])


def strip_rows(table: SuiteTable, score: str, values: Values) -> Iterator[StripRow]:
    """Every entry that has been trained, with its seeds."""
    collapsed = {(cell.entry, cell.seed) for cell in table.cells if cell.state == COLLAPSED}
    for entry, of in table.entries.items():
        known = {cell.seed: each[score] for cell, each in values.items() if cell.entry == entry and score in each}
        if known:
            seeds = [Seed(value, (entry, seed) in collapsed) for seed, value in known.items()]
            yield StripRow(entry, seeds, of[score].mean, of[score].low, of[score].high)


def block(dataset: str) -> re.Pattern[str]:
    """What lies between the marks of a dataset, with them."""
    begin, end = (re.escape(mark.format(dataset)) for mark in (BEGIN, END))
    return re.compile(f"{begin}.*?{end}", re.DOTALL)


def write() -> int:
    """Write the page and its figures; 2 if what is published cannot be read."""
    status = 0
    for dataset, name in SUITES.items():
        status = max(status, rewrite(PAGE, block(dataset), lambda dataset=dataset: section(dataset)))  # type: ignore[misc]
        if not status and (ROOT / RESULTS / name).is_dir():
            for figure, drawn in figures(dataset):
                write_figure(drawn, IMAGES, figure, forms=("svg",))
    return status


if __name__ == "__main__":
    sys.exit(write())
