"""The difference of two subjects in one score: over seeds, or over the samples of two single runs."""

from __future__ import annotations

from collections.abc import Hashable

from disentangle_bench.evaluation.comparison.comparable import Group, seed_of, unlike_entries
from disentangle_bench.evaluation.comparison.report import Difference
from disentangle_bench.evaluation.comparison.values import WHICH_CODE, entries_of, values_of
from disentangle_bench.evaluation.differences import (
    Estimate,
    ScoredInterval,
    difference_of_intervals,
    difference_of_replicates,
    paired_difference,
    welch_difference,
)
from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.evaluation.samples import Samples
from disentangle_bench.evaluation.seeds import difference_over_seeds


def difference_of(score: str, first: Group, second: Group, unlike: str) -> Difference:
    """Estimate the difference of a score, second minus first, if both have values that can be compared.

    Args:
        score: its name.
        first: one run, or several at different seeds.
        second: the same of the other subject.
        unlike: in what the data of the two differ; empty if in nothing.
    """
    before, after = entries_of(score, first), entries_of(score, second)
    if not before or not after:
        return Difference(value=None, reason="one of the two has no value")
    if unlike:
        return Difference(value=None, verdict="not comparable", reason=f"scores {unlike}")
    if unlike := unlike_entries([*before, *after]):
        return Difference(value=None, verdict="not comparable", reason=f"computed {unlike}")
    if "code" in before[0].arbitrary or "code" in after[0].arbitrary:
        return Difference(value=None, verdict="not comparable", reason=WHICH_CODE)
    if len(first) == len(second) == 1:
        samples = _over_samples(score, first[0], second[0])
        return Difference(**samples._asdict(), spread="test samples" if samples.low is not None else None)
    seeds = difference_over_seeds(_by_seed(score, first), _by_seed(score, second))
    return Difference(**seeds._asdict(), spread="seeds" if seeds.p is not None else None)


def _by_seed(score: str, group: Group) -> dict[Hashable, float | None]:
    """The values by seed; a run of which the seed is not known has no counterpart."""
    values: dict[Hashable, float | None] = {}
    for results in group:
        seed, entries = seed_of(results), entries_of(score, [results])
        values[id(results) if seed is None else (seed,)] = float(values_of(entries)[0]) if entries else None
    return values


def _over_samples(score: str, first: Results, second: Results) -> Estimate:
    """Estimate a difference from paired samples or resamples if possible, else from unpaired ones or both intervals."""
    before, after = first.scores[score], second.scores[score]
    estimate = _from_samples(first.samples.get(score), second.samples.get(score))
    if estimate is None or estimate.p is None:
        estimate = _from_replicates(score, first, second) or _from_intervals(score, first, second) or estimate
    if estimate is not None:
        return estimate
    [low], [high] = values_of([before]), values_of([after])
    return Estimate(float(high - low), reason="it has neither samples nor an interval")


def _from_samples(first: Samples | None, second: Samples | None) -> Estimate | None:
    if first is None or second is None:
        return None
    if first.pairing and first.pairing == second.pairing and len(first.values) == len(second.values):
        return paired_difference(first.values, second.values)
    return welch_difference(first.values, second.values)


def _from_replicates(score: str, first: Results, second: Results) -> Estimate | None:
    """Estimate from values on the same resamples of the same rows."""
    before, after = first.replicates.get(score), second.replicates.get(score)
    if before is None or after is None or before.drawn != after.drawn or len(before.values) != len(after.values):
        return None
    [low], [high] = values_of([first.scores[score]]), values_of([second.scores[score]])
    return difference_of_replicates(float(high - low), after.values - before.values, before.what)


def _from_intervals(score: str, first: Results, second: Results) -> Estimate | None:
    """Estimate from the two intervals, which shows less; the method says why nothing else could be used."""
    before, after = _interval(first.scores[score]), _interval(second.scores[score])
    if before is None or after is None:
        return None
    estimate = difference_of_intervals(before, after)
    if estimate.method and (why := _why_from_intervals(score, first, second)):
        return estimate._replace(method=f"{estimate.method}, since {why}")
    return estimate


def _why_from_intervals(score: str, first: Results, second: Results) -> str:
    unsampled = [each for each in (first, second) if score not in each.samples]
    if len(unsampled) == 1 or any(each.scores[score].sampled for each in unsampled):
        return f"the samples of {'one' if len(unsampled) == 1 else 'both'} are not kept"
    kept = sum(score in each.replicates for each in (first, second))
    if kept == 2:
        return "they are of different resamples"
    intervals = [each.scores[score].details.get("interval") or {} for each in (first, second)]
    resampled = sum(
        score in of.replicates or "resampled" in by for of, by in zip((first, second), intervals, strict=True)
    )
    return f"the resamples of {'both' if resampled - kept == 2 else 'one'} are not kept" if resampled else ""


def _interval(entry: ScoreEntry) -> ScoredInterval | None:
    if entry.value is None or entry.low is None or entry.high is None:
        return None
    if "sign" not in entry.arbitrary:
        return ScoredInterval(entry.value, entry.low, entry.high)
    ends = sorted((abs(entry.low), abs(entry.high)))
    return ScoredInterval(abs(entry.value), 0.0 if entry.low < 0 < entry.high else ends[0], ends[1])
