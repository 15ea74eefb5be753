"""The table of a suite, from what its cells hold: means over seeds, differences to the baseline, tie groups."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from disentangle_bench.evaluation.comparison.comparable import unlike_data
from disentangle_bench.evaluation.results import Results
from disentangle_bench.evaluation.seeds import (
    ONE_SEED,
    UNSHOWN,
    Judged,
    difference_over_seeds,
    interquartile_mean,
    judge,
    mean_over_seeds,
    probability_of_improvement,
    rank_intervals,
)
from disentangle_bench.reports.suite_table import CellRow, Column, Difference, SuiteTable, Summary
from disentangle_bench.suites.cell import Cell
from disentangle_bench.suites.state import STALE, Found
from disentangle_bench.suites.suite import Suite

MOST_WITHOUT_GROUPS = 2
OF_SOME_CODE = "which code it belongs to differs from seed to seed"
Values = Mapping[int, float | None]


def table_of(
    suite: Suite, found: Mapping[Cell, Found], versions: Mapping[str, int], *, every: bool = False
) -> SuiteTable:
    """Summarize a suite.

    Args:
        suite: whose entries are the rows.
        found: what there is of each cell.
        versions: metric -> the version that is installed.
        every: a column for each score, instead of for each metric's headline and those that gates are about. Only the
            latter are tested: others say much the same, and the more there are, the larger is every p-value.
    """
    states = {cell: of.state(suite, versions) for cell, of in found.items()}
    tested = _scores(suite, found.values(), every=False)
    shown = _scores(suite, found.values(), every=True) if every else tested
    columns = [_column(score, found.values(), versions, tested=score in tested) for score in shown]
    collapsed = {(cell.entry, cell.seed) for cell, of in found.items() if of.collapsed}
    entries = {
        name: {column.score: _summary(_values(name, column, found), column, name, collapsed) for column in columns}
        for name in suite.entries
    }
    unlike = _unlike(suite, found)
    compared = _ranked(suite, _compared(suite, entries, unlike, columns), unlike, columns)
    cells = tuple(
        CellRow(cell.entry, cell.seed, *states[cell], of.seconds, len(of.attempts)) for cell, of in found.items()
    )
    notes = _notes(suite, compared, unlike, columns, [state for state, _ in states.values()])
    notes += _without_values(columns, entries, found.values())
    baselines = {name: baseline for name in suite.entries if (baseline := suite.baseline_of(name))}
    return SuiteTable(suite.name, suite.version, dict(suite.variant), baselines, tuple(columns), compared, cells, notes)


def headline(score: str, found: Iterable[Found]) -> str:
    """The full name of a score: a metric's own name stands for its headline."""
    for of in found:
        if score in of.by_metric and score not in of.scores:
            return next(iter(of.by_metric[score]))
    return score


def _scores(suite: Suite, found: Iterable[Found], *, every: bool) -> list[str]:
    """The names of the columns, in the order in which the suite names the metrics."""
    there = list(found)
    metrics = dict.fromkeys(metric for of in there for metric in of.by_metric)
    if not isinstance(suite.metrics, str):
        metrics = dict.fromkeys(metric for metric in suite.metrics if metric in metrics)
    gated = {headline(gate.score, there) for gate in suite.gates}
    chosen: dict[str, None] = {}
    for metric in metrics:
        scores = dict.fromkeys(score for of in there for score in of.by_metric.get(metric, {}))
        first = next(iter(scores))
        chosen |= dict.fromkeys(score for score in scores if every or score == first or score in gated)
    return list(chosen)


def _column(score: str, found: Iterable[Found], versions: Mapping[str, int], *, tested: bool) -> Column:
    entries = [of.scores[score] for of in found if score in of.scores]
    version = max(int(entry.get("version", 1)) for entry in entries)
    current = [entry for entry in entries if int(entry.get("version", 1)) == version]
    metric = str(current[0]["metric"])

    def ends(level: str) -> tuple[float, ...]:
        known = [entry[level] for entry in current if entry.get(level) is not None]
        return (min(known), max(known)) if known else ()

    return Column(
        score,
        metric,
        next((str(entry["unit"]) for entry in current if entry.get("unit")), ""),
        str(current[0]["better"]),
        ends("chance"),
        ends("ceiling"),
        version,
        versions.get(metric, version),
        tested,
    )


def _values(name: str, column: Column, found: Mapping[Cell, Found]) -> Values:
    """Seed -> value of an entry, without a sign that is arbitrary across seeds.

    There is none where the score is of another version than the column's, or of a code whose number is arbitrary.
    """
    values: dict[int, float | None] = {}
    for cell, of in found.items():
        if cell.entry == name:
            score = of.scores.get(column.score, {})
            value, arbitrary = score.get("value"), score.get("arbitrary", ())
            comparable = score.get("version", 1) == column.version and "code" not in arbitrary
            values[cell.seed] = (
                (abs(value) if "sign" in arbitrary else value) if comparable and value is not None else None
            )
    return values


def _summary(values: Values, column: Column, entry: str, collapsed: Collection[tuple[str, int]]) -> Summary:
    known = list(_known(values).values())
    if not known:
        return Summary(values)
    mean = mean_over_seeds(np.array(known))
    worst = {"higher": min(known), "lower": max(known)}.get(column.better)
    sd = statistics.stdev(known) if len(known) > 1 else None
    middle = float(interquartile_mean(np.array(known)))
    counted = tuple(seed for seed in _known(values) if (entry, seed) in collapsed)
    return Summary(values, *mean, sd, statistics.median(known), worst, middle, collapsed=counted)


def _compared(
    suite: Suite, entries: Mapping[str, Mapping[str, Summary]], unlike: Mapping[str, str], columns: Sequence[Column]
) -> dict[str, dict[str, Summary]]:
    """Add the differences to the baselines, with p-values that are corrected for all that are tested."""
    better = {column.score: column.better for column in columns}
    pairs = {
        (name, score): (entries[baseline][score].values, entries[name][score].values)
        for name in entries
        if (baseline := suite.baseline_of(name)) and not unlike[name]
        for score in better
        if entries[baseline][score].mean is not None and entries[name][score].mean is not None
    }
    found = {key: difference_over_seeds(*pair) for key, pair in pairs.items()}
    tested = {column.score for column in columns if column.tested}
    asked = [key for key in found if key[1] in tested]
    judged = dict(zip(asked, judge([found[key] for key in asked], [better[score] for _, score in asked]), strict=True))
    compared = {name: dict(scores) for name, scores in entries.items()}
    for (name, score), of in found.items():
        verdict = judged.get((name, score), Judged())
        said = ("" if of.reason == ONE_SEED else of.reason) or verdict.verdict or ""  # the former is a note, said once
        sign = -1.0 if better[score] == "lower" else 1.0
        base, other = (sign * np.array(list(_known(of).values())) for of in pairs[name, score])
        improvement = probability_of_improvement(base, other)
        difference = Difference(of.value, of.low, of.high, verdict.p, said, verdict.detectable, improvement)
        compared[name][score] = replace(compared[name][score], difference=difference)
    return compared


def _unlike(suite: Suite, found: Mapping[Cell, Found]) -> dict[str, str]:
    """In what the data of each entry differ from its baseline's; empty if nothing is known to."""
    groups = {
        name: [
            Results.model_construct(subject={**of.subject, "seed": cell.seed}, scores={})
            for cell, of in found.items()
            if cell.entry == name and of.subject
        ]
        for name in suite.entries
    }
    pairs = {name: (groups.get(suite.baseline_of(name) or "", []), groups[name]) for name in suite.entries}
    return {name: unlike_data(*pair) if all(pair) else "" for name, pair in pairs.items()}


def _ranked(
    suite: Suite, entries: dict[str, dict[str, Summary]], unlike: Mapping[str, str], columns: Sequence[Column]
) -> dict[str, dict[str, Summary]]:
    """Add tie groups and ranks among entries on the same data, where each has at least two seeds.

    Of two entries, the verdict says it all.
    """
    alike = suite.baseline is not None and not any(unlike.values())
    for column in columns if alike and len(entries) > MOST_WITHOUT_GROUPS else ():
        known = {name: _known(scores[column.score].values) for name, scores in entries.items()}
        if column.better == "neither" or not column.tested or any(len(of) < 2 for of in known.values()):
            continue
        values = {name: np.array(list(of.values())) for name, of in known.items()}
        paired = len({tuple(of) for of in known.values()}) == 1
        for place in rank_intervals(values, higher=column.better == "higher", paired=paired):
            ranked = replace(entries[place.name][column.score], groups=place.groups, ranks=(place.best, place.worst))
            entries[place.name][column.score] = ranked
    return entries


def _known(values: Values) -> dict[int, float]:
    """The seeds that have a value."""
    return {seed: value for seed, value in values.items() if value is not None}


def _notes(
    suite: Suite,
    entries: Mapping[str, Mapping[str, Summary]],
    unlike: Mapping[str, str],
    columns: Sequence[Column],
    states: Sequence[str],
) -> tuple[str, ...]:
    baselines = dict.fromkeys(filter(None, map(suite.baseline_of, suite.entries)))
    differences = [of for scores in entries.values() for summary in scores.values() if (of := summary.difference)]
    notes = []
    if baselines:
        which = "them" if all(column.tested for column in columns) else "those tested, headlines and scores of gates"
        corrected = f"; p is corrected for all of {which} (Holm)" if any(of.p is not None for of in differences) else ""
        notes.append(f"Differences are to {', '.join(baselines)}{corrected}.")
    if any(of.low is None and not of.verdict for of in differences):
        notes.append(f"Where no verdict is given, {ONE_SEED}.")
    for name in filter(unlike.get, unlike):
        notes.append(f"{name} is not compared with {suite.baseline_of(name)}: its scores are {unlike[name]}.")
    if any(summary.collapsed for scores in entries.values() for summary in scores.values()):
        notes.append("Collapsed runs that have scores count in means, intervals and differences.")
    if any(summary.groups for scores in entries.values() for summary in scores.values()):
        notes.append("Entries that share a letter are not told apart by these seeds.")
    if states.count(STALE) or any(column.version < column.installed for column in columns):
        remedy = f"`dbench bench rescore {suite.argument}` computes them again"
        notes.append(f"Scores of older versions of metrics: {remedy}.")
    if unseen := _unseen(entries, columns):
        notes.append(
            f"Where no difference is shown, one of this size would have been shown in 80 of 100 such trials: {unseen}."
        )
    return tuple(notes)


def _without_values(
    columns: Sequence[Column], entries: Mapping[str, Mapping[str, Summary]], found: Iterable[Found]
) -> tuple[str, ...]:
    """Name the scores that no cell has a value of, and why."""
    reasons: dict[str, list[str]] = {}
    cells = list(found)
    for column in columns:
        if not any(_known(scores[column.score].values) for scores in entries.values()):
            scored = [of.scores[column.score] for of in cells if column.score in of.scores]
            given = [str(score.get("reason", "")) for score in scored]
            given += [OF_SOME_CODE for score in scored if "code" in score.get("arbitrary", ())]
            reasons.setdefault(next(filter(None, given), "no reason is known"), []).append(column.score)
    return tuple(f"No value in any cell ({reason}): {', '.join(of)}." for reason, of in reasons.items())


def _unseen(entries: Mapping[str, Mapping[str, Summary]], columns: Sequence[Column]) -> str:
    """The smallest detectable difference of each score for which none is shown, of several entries the largest."""
    said = []
    for column in columns:
        found = [of for scores in entries.values() if (of := scores[column.score].difference) is not None]
        sizes = [of.detectable for of in found if of.verdict == UNSHOWN and of.detectable is not None]
        if sizes:
            said.append(f"{column.score} {max(sizes):.2g}")
    return ", ".join(said)
