"""Two or more subjects side by side: one row a score, each difference to the first with interval and verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy import stats

from disentangle_bench.errors import RunError, UnknownNameError
from disentangle_bench.evaluation.differences import (
    CONFIDENCE,
    Estimate,
    ScoredInterval,
    difference_of_intervals,
    paired_difference,
    paired_t,
    welch_difference,
)
from disentangle_bench.evaluation.results import Better, Results, Scored, ScoreEntry
from disentangle_bench.evaluation.samples import Samples
from disentangle_bench.evaluation.seeds import holm
from disentangle_bench.run import Run, seed_folders

SCHEMA_VERSION = 2
LEVEL = 1 - CONFIDENCE
ASIDE = ("seed", "bootstrap")
"""Settings of metrics that do not change what is measured."""
Spread = Literal["test samples", "seeds"]
Verdict = Literal["better", "worse", "differs", "no difference shown", "no interval"]


class _Model(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)


class Side(_Model):
    """One subject of a comparison: a run, or the runs of one recipe at several seeds."""

    name: str
    seeds: list[int | None]
    statuses: list[str]
    kind: str = ""


class Value(_Model):
    """A subject's score with chance and ceiling: of its one run, or the means over its seeds; `runs` has every value.

    The interval covers the test samples for one run, the seeds for several.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    ceiling: float | None = None
    runs: list[float | None]
    reason: str = ""


class Difference(_Model):
    """A subject's score minus the first subject's.

    Attributes:
        low, high: 95 % interval of this difference alone.
        p: two-sided, of this difference alone; `p_corrected` is Holm's, over the differences of its family: those of
            the headlines (the first score of each metric), or those of the other scores of its metric.
        verdict: by `p_corrected`.
        spread: what the interval covers: other test samples for these runs, or other seeds.
        reason: why there is no interval.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_corrected: float | None = None
    verdict: Verdict = "no interval"
    spread: Spread | None = None
    method: str = ""
    reason: str = ""


class Row(Scored):
    """One score: the value of every subject, and the difference of each but the first to the first."""

    model_config = ConfigDict(allow_inf_nan=False)

    score: str
    unit: str
    better: Better
    values: list[Value]
    differences: list[Difference]


class Comparison(_Model):
    """The rows, the subjects, and how many differences of headlines the p-values of headlines are corrected for."""

    schema_version: int = SCHEMA_VERSION
    subjects: list[Side]
    rows: list[Row]
    confidence: float = CONFIDENCE
    headlines: int = 0

    def by_metric(self) -> dict[str, list[Row]]:
        """Group rows by metric, the headline of each first."""
        metrics: dict[str, list[Row]] = {}
        for row in self.rows:
            metrics.setdefault(row.metric, []).append(row)
        return metrics

    def to_values(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return self.model_dump(mode="json")


def read_subject(path: Path | str) -> list[Results]:
    """Read the results of a run folder, of every `seed-*` run in a folder, or of one results file.

    Raises:
        RunError: none of these, or a run that has not ended or has not been evaluated.
    """
    path = Path(path)
    return [Results.load(path)] if path.is_file() else [Results.of_run(run) for run in runs_in(path)]


def runs_in(path: Path) -> list[Run]:
    """Open the run of a run folder, or every `seed-*` run in a folder, in order.

    Raises:
        RunError: there is none, or one that has not ended.
    """
    return [Run.open(folder) for folder in seed_folders(path) or [path]]


def compare_results(
    subjects: Sequence[Results | Sequence[Results]],
    *,
    names: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
) -> Comparison:
    """Compare each subject with the first, score by score.

    Runs are paired by sample where both hold the same samples (equal pairing and length); groups of runs are compared
    over their seeds, paired where both have the same ones. A score that a run lacks is never replaced or averaged
    away: the row says which and why.

    Args:
        subjects: the results of one run, or of the runs of one recipe at different seeds, each.
        names: what to call the subjects; by default what their results call them.
        metrics: compare these, in this order; by default all that any of them has.

    Raises:
        RunError: fewer than two subjects, one without runs, or one with two runs of the same seed.
        UnknownNameError: none of them has a metric of that name.
    """
    groups = [[subject] if isinstance(subject, Results) else list(subject) for subject in subjects]
    sides = _sides(groups, names)
    entries = {name: entry for group in groups for results in group for name, entry in results.scores.items()}
    known = list(dict.fromkeys(entry.metric for entry in entries.values()))
    for metric in metrics or ():
        if metric not in known:
            raise UnknownNameError("metric of these results", metric, known)
    chosen = known if metrics is None else metrics
    scores = dict.fromkeys(score for group in groups for results in group for score in results.scores)
    rows = [_row(score, groups) for score in scores if entries[score].metric in chosen]
    comparison = Comparison(subjects=sides, rows=rows)
    families = comparison.by_metric().values()
    comparison.headlines = _judge([headline for headline, *_ in families])
    for _, *others in families:
        _judge(others)
    return comparison


def _judge(rows: Sequence[Row]) -> int:
    """Set the verdicts of one family of rows, by p-values corrected for one another; return how many there are."""
    tested = [(row.better, difference) for row in rows for difference in row.differences if difference.p is not None]
    corrected = holm([difference.p for _, difference in tested if difference.p is not None])
    for (direction, difference), p in zip(tested, corrected, strict=True):
        difference.p_corrected = p
        difference.verdict = _verdict(difference.value, p, direction)
    return len(tested)


def _sides(groups: Sequence[Sequence[Results]], names: Sequence[str] | None) -> list[Side]:
    if len(groups) < 2:
        raise RunError(f"A comparison needs two subjects or more, not {len(groups)}.", "Give two or more.")
    for number, group in enumerate(groups, start=1):
        if not group:
            raise RunError(f"Subject {number} has no evaluated runs.", "Give at least one run.")
    called = _distinct(list(names) if names is not None else [_group_name(group) for group in groups])
    sides = []
    for name, group in zip(called, groups, strict=True):
        seeds = [_seed(results) for results in group]
        known = [seed for seed in seeds if seed is not None]
        if len(set(known)) < len(known):
            raise RunError(
                f"{name} has two runs of the same seed; its seeds are {', '.join(map(str, known))}.",
                "Give each run of a subject once: copies would pass for independent seeds.",
            )
        statuses = [str(results.subject.get("status", "")) for results in group]
        sides.append(Side(name=name, seeds=seeds, statuses=statuses, kind=group[0].kind))
    return sides


def _seed(results: Results) -> int | None:
    seed = results.subject.get("seed")
    return int(seed) if seed is not None else None


def _group_name(group: Sequence[Results]) -> str:
    if len(group) == 1:
        return group[0].name
    recipes = {str(results.subject.get("recipe", results.name)) for results in group}
    return recipes.pop() if len(recipes) == 1 else " + ".join(results.name for results in group)


def _distinct(names: Sequence[str]) -> list[str]:
    return [
        name if names.count(name) == 1 else f"{name} ({names[: place + 1].count(name)})"
        for place, name in enumerate(names)
    ]


def _row(score: str, groups: Sequence[Sequence[Results]]) -> Row:
    entries = [results.scores[score] for group in groups for results in group if score in results.scores]
    return Row(
        score=score,
        metric=entries[0].metric,
        component=entries[0].component,
        code=entries[0].code,
        unit=next((entry.unit for entry in entries if entry.unit), ""),
        better=entries[0].better,
        values=[_value(score, group) for group in groups],
        differences=[_difference(score, groups[0], group) for group in groups[1:]],
    )


def _value(score: str, group: Sequence[Results]) -> Value:
    runs = [results.scores[score].value if score in results.scores else None for results in group]
    missing = _missing(score, group)
    if missing:
        return Value(value=None, runs=runs, reason=missing)
    entries = [results.scores[score] for results in group]
    levels = {"chance": _mean([entry.chance for entry in entries]), "ceiling": _mean([e.ceiling for e in entries])}
    if len(group) == 1:
        return Value(value=entries[0].value, low=entries[0].low, high=entries[0].high, runs=runs, **levels)
    values = _run_values(score, group)
    if np.ptp(values) == 0:
        return Value(value=float(values[0]), runs=runs, **levels)
    low, high = stats.ttest_1samp(values, 0.0).confidence_interval(CONFIDENCE)
    return Value(value=float(values.mean()), low=float(low), high=float(high), runs=runs, **levels)


def _mean(levels: Sequence[float | None]) -> float | None:
    known = [level for level in levels if level is not None]
    return fmean(known) if known and len(known) == len(levels) else None


def _missing(score: str, group: Sequence[Results]) -> str:
    seeds: dict[str, list[str]] = {}
    for results in group:
        entry = results.scores.get(score)
        if entry is None or entry.value is None:
            seeds.setdefault(entry.reason if entry else "not evaluated", []).append(str(_seed(results)))
    return "; ".join(
        reason if len(of) == len(group) else f"seed {', '.join(of)}: {reason}" for reason, of in seeds.items()
    )


def _run_values(score: str, group: Sequence[Results]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([results.scores[score].value for results in group], dtype=np.float64)


def _difference(score: str, first: Sequence[Results], second: Sequence[Results]) -> Difference:
    if _missing(score, first) or _missing(score, second):
        return Difference(value=None, reason="one of the two has no value")
    unlike = _unlike([results.scores[score] for results in (*first, *second)])
    if unlike:
        return Difference(value=None, reason=unlike)
    single = len(first) == len(second) == 1
    spread: Spread = "test samples" if single else "seeds"
    estimate = _over_samples(score, first[0], second[0]) if single else _over_seeds(score, first, second)
    return Difference(**estimate._asdict(), spread=spread if estimate.p is not None else None)


def _unlike(entries: Sequence[ScoreEntry]) -> str:
    """Say why these entries are not the same measurement; an empty text if they are.

    Another seed of a metric's own, or more resamples for its interval, do not make it another.
    """
    if len({entry.version for entry in entries}) > 1:
        return f"versions {' and '.join(map(str, sorted({entry.version for entry in entries})))} of the metric"
    settings = [{key: value for key, value in entry.settings.items() if key not in ASIDE} for entry in entries]
    keys = sorted({key for each in settings for key in each})
    unlike = [key for key in keys if any(each.get(key) != settings[0].get(key) for each in settings)]
    return f"computed with a different {', '.join(unlike)}" if unlike else ""


def _over_seeds(score: str, first: Sequence[Results], second: Sequence[Results]) -> Estimate:
    before, after = _run_values(score, first), _run_values(score, second)
    if min(len(first), len(second)) == 1:
        value = float(after.mean() - before.mean())
        return Estimate(value, reason="one run against several: its spread over seeds is unknown")
    order = [_seed(results) for results in first]
    seeds = [_seed(results) for results in second]
    if None not in order and sorted(map(str, order)) == sorted(map(str, seeds)):
        estimate = paired_t(before, after[[seeds.index(seed) for seed in order]])
        return estimate._replace(method=estimate.method and f"{estimate.method} over {len(first)} seeds")
    estimate = welch_difference(before, after)
    return estimate._replace(method=estimate.method and f"{estimate.method}, {len(first)} and {len(second)} seeds")


def _over_samples(score: str, first: Results, second: Results) -> Estimate:
    """Estimate a difference from paired samples if possible, else from unpaired ones, else from both intervals."""
    entries = first.scores[score], second.scores[score]
    estimate = _from_samples(first.samples.get(score), second.samples.get(score))
    if estimate is None or estimate.p is None:
        estimate = _from_intervals(*entries) or estimate
    if estimate is not None:
        return estimate
    before, after = _run_values(score, [first]), _run_values(score, [second])
    return Estimate(float(after[0] - before[0]), reason="it has neither samples nor an interval")


def _from_samples(first: Samples | None, second: Samples | None) -> Estimate | None:
    if first is None or second is None:
        return None
    if first.pairing and first.pairing == second.pairing and len(first.values) == len(second.values):
        return paired_difference(first.values, second.values)
    return welch_difference(first.values, second.values)


def _from_intervals(first: ScoreEntry, second: ScoreEntry) -> Estimate | None:
    before, after = _interval(first), _interval(second)
    return None if before is None or after is None else difference_of_intervals(before, after)


def _interval(entry: ScoreEntry) -> ScoredInterval | None:
    if entry.value is None or entry.low is None or entry.high is None:
        return None
    return ScoredInterval(entry.value, entry.low, entry.high)


def _verdict(difference: float | None, p: float, better: Better) -> Verdict:
    if difference is None or p >= LEVEL or difference == 0:
        return "no difference shown"
    if better == "neither":
        return "differs"
    return "better" if (difference > 0) == (better == "higher") else "worse"
