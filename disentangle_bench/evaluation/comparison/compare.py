"""Rows of several subjects, with the verdicts of those that are tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from disentangle_bench.errors import RunError, UnknownNameError
from disentangle_bench.evaluation.comparison.comparable import Group, is_unchecked, seed_of, unlike_data
from disentangle_bench.evaluation.comparison.estimate import difference_of
from disentangle_bench.evaluation.comparison.report import Comparison, Row, Side, Verdict
from disentangle_bench.evaluation.comparison.values import value_of
from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.evaluation.seeds import judge
from disentangle_bench.evaluation.seeds.verdict import Verdict as VerdictOverSeeds

OF_SAMPLES: Mapping[VerdictOverSeeds, Verdict] = {
    "better": "better on these samples",
    "worse": "worse on these samples",
    "differs": "differs on these samples",
    "no difference shown": "no difference shown",
}
"""What is said of two single runs: other seeds of the same methods may differ otherwise."""


def compare_results(
    subjects: Sequence[Results | Sequence[Results]],
    *,
    names: Sequence[str | None] | None = None,
    metrics: Sequence[str] | None = None,
) -> Comparison:
    """Compare each subject with the first, score by score.

    Single runs are paired by sample where both hold the same samples; groups of runs are compared over their seeds,
    paired where both have the same ones. Only headlines, and scores asked for by name, are tested. A score that a run
    lacks is never replaced, and scores that are not of the same data or the same measurement are not compared: the row
    says why.

    Args:
        subjects: the results of one run, or of the runs of one method at different seeds, each.
        names: what to call the subjects; None for what their results call them.
        metrics: compare these metrics, or scores such as `dci.completeness`; by default all that any of them has.

    Raises:
        RunError: fewer than two subjects, one without runs, or one with two runs of the same seed.
        UnknownNameError: a name that is neither a metric's nor a score's of any of them.
    """
    groups = [[subject] if isinstance(subject, Results) else list(subject) for subject in subjects]
    sides = _sides(groups, names)
    scores = _scores_by_metric(groups)
    chosen, tested = _chosen(scores, metrics)
    unlike = [unlike_data(groups[0], group) for group in groups[1:]]
    rows = [_row(entry, name, groups, unlike, tested=name in tested) for name, entry in chosen.items()]
    unchecked = [side.name for side, group in zip(sides[1:], groups[1:], strict=True) if is_unchecked(groups[0], group)]
    return Comparison(subjects=sides, rows=rows, tests=_judge(rows), unchecked=unchecked)


def _scores_by_metric(groups: Sequence[Group]) -> dict[str, dict[str, ScoreEntry]]:
    """Metric -> its scores by name, the headline first, each with an entry that has a value if there is one.

    What a metric that failed as a whole has in place of its scores is left out where another subject has them.
    """
    metrics: dict[str, dict[str, ScoreEntry]] = {}
    for results in (results for group in groups for results in group):
        for name, entry in results.scores.items():
            of_metric = metrics.setdefault(entry.metric, {})
            if name not in of_metric or of_metric[name].value is None:
                of_metric[name] = entry
    for metric, scores in metrics.items():
        valued = {name: entry for name, entry in scores.items() if entry.part or entry.value is not None}
        metrics[metric] = valued or scores
    return metrics


def _chosen(
    scores: Mapping[str, Mapping[str, ScoreEntry]], asked: Sequence[str] | None
) -> tuple[dict[str, ScoreEntry], set[str]]:
    """The scores that have a row, and the names of those that are tested."""
    single = {name: entry for of in scores.values() for name, entry in of.items()}
    if asked is None:
        return single, {next(iter(of)) for of in scores.values()}
    chosen: dict[str, ScoreEntry] = {}
    tested = set()
    for name in asked:
        if name in scores:
            chosen |= scores[name]
            tested.add(next(iter(scores[name])))
        elif name in single:
            chosen[name] = single[name]
            tested.add(name)
        else:
            chosen[name] = _not_evaluated(name, [*scores, *single])
            tested.add(name)
    return chosen, tested


def _not_evaluated(name: str, known: Sequence[str]) -> ScoreEntry:
    """The entry of a metric, or of one of its scores, that no subject has.

    Raises:
        UnknownNameError: there is no such metric either.
    """
    from disentangle_bench.evaluation.names import metric_of  # takes seconds to import
    from disentangle_bench.metrics import METRICS, info_of

    try:
        metric = metric_of(name)
    except UnknownNameError:
        raise UnknownNameError("metric or score of these results", name, known) from None
    better = info_of(METRICS.get(metric)).better
    component = name.removeprefix(metric).removeprefix(".")
    return ScoreEntry(metric=metric, component=component, value=None, better=better, reason="not evaluated")


def _row(entry: ScoreEntry, score: str, groups: Sequence[Group], unlike: Sequence[str], *, tested: bool) -> Row:
    differences = [difference_of(score, groups[0], group, why) for group, why in zip(groups[1:], unlike, strict=True)]
    for difference in differences:
        if not tested:
            difference.p = difference.p_exact = difference.smallest_p = None
            if difference.verdict == "no test":
                difference.verdict = ""
    units = (results.scores[score].unit for group in groups for results in group if score in results.scores)
    return Row(
        score=score,
        metric=entry.metric,
        component=entry.component,
        code=entry.code,
        unit=next(filter(None, units), ""),
        better=entry.better,
        arbitrary=list(entry.arbitrary),
        tested=tested,
        values=[value_of(score, entry.metric, group) for group in groups],
        differences=differences,
    )


def _judge(rows: Sequence[Row]) -> int:
    """Set the verdicts of the rows that are tested, by p-values corrected for one another; count the tests."""
    tested = [(row.better, difference) for row in rows for difference in row.differences if difference.p is not None]
    judged = judge([difference for _, difference in tested], [better for better, _ in tested])
    for (_, difference), found in zip(tested, judged, strict=True):
        difference.p_corrected, difference.detectable = found.p, found.detectable
        if found.verdict is not None:
            difference.verdict = found.verdict if difference.spread == "seeds" else OF_SAMPLES[found.verdict]
    return len(tested)


def require_several(subjects: int) -> None:
    """Refuse a comparison of a single subject, before anything is scored for it.

    Raises:
        RunError: fewer than two subjects.
    """
    if subjects < 2:
        raise RunError(f"A comparison needs two subjects or more, not {subjects}.", "Give two or more.")


def _sides(groups: Sequence[Group], names: Sequence[str | None] | None) -> list[Side]:
    require_several(len(groups))
    for number, group in enumerate(groups, start=1):
        if not group:
            raise RunError(f"Subject {number} has no evaluated runs.", "Give at least one run.")
    given = [None] * len(groups) if names is None else names
    called = [name or _group_name(group) for name, group in zip(given, groups, strict=True)]
    sides = []
    for place, group in enumerate(groups):
        name, same = called[place], called.count(called[place])
        name = name if same == 1 else f"{name} ({called[: place + 1].count(name)})"
        seeds = [seed_of(results) for results in group]
        known = [seed for seed in seeds if seed is not None]
        if len(set(known)) < len(known):
            raise RunError(
                f"{name} has two runs of the same seed; its seeds are {', '.join(map(str, known))}.",
                "Give each run of a subject once: copies would pass for independent seeds.",
            )
        statuses = [str(results.subject.get("status", "")) for results in group]
        sides.append(Side(name=name, seeds=seeds, statuses=statuses, kind=group[0].kind))
    return sides


def _group_name(group: Group) -> str:
    if len(group) == 1:
        return group[0].name
    recipes = {str(results.subject.get("recipe", results.name)) for results in group}
    return recipes.pop() if len(recipes) == 1 else " + ".join(results.name for results in group)
