"""Gates: conditions on scores, which turn a build red unless they hold."""

from __future__ import annotations

from collections.abc import Iterator

from disentangle_bench.evaluation.seeds import UNSHOWN, difference_over_seeds, judge
from disentangle_bench.reports.checked_gate import CheckedGate, Verdict
from disentangle_bench.reports.numbers import say_p
from disentangle_bench.reports.suite_table import Column, SuiteTable, Summary
from disentangle_bench.suites.accepted import Accepted, AcceptedScore
from disentangle_bench.suites.suite import Gate, Suite


def check_gates(
    suite: Suite, table: SuiteTable, accepted: Accepted | None = None, *, without: Verdict | None = "SKIP"
) -> list[CheckedGate]:
    """Check every condition of every gate.

    Args:
        suite: with the gates.
        table: of its results.
        accepted: earlier results, for `may_fall_by`.
        without: the verdict on `may_fall_by` where there are no accepted results; None leaves it out.
    """
    return [checked for gate in suite.gates for checked in _check(gate, table, accepted, without)]


def _check(gate: Gate, table: SuiteTable, accepted: Accepted | None, without: Verdict | None) -> Iterator[CheckedGate]:
    scores = table.entries[gate.entry]
    name = next((score for score in scores if score == gate.score or score.startswith(f"{gate.score}.")), gate.score)
    summary, what = scores.get(name), f"{gate.entry}, {name}"
    better = next((column.better for column in table.columns if column.score == name), "higher")
    if gate.at_least is not None:
        yield _bound(f"{what} at least {gate.at_least:g}", summary, gate.at_least, 1)
    if gate.at_most is not None:
        yield _bound(f"{what} at most {gate.at_most:g}", summary, gate.at_most, -1)
    if gate.above_baseline is not None:
        yield _lead(
            f"{what} better than {table.baselines.get(gate.entry)} by at least {gate.above_baseline:g}",
            summary,
            gate,
            better,
        )
    if gate.may_fall_by is not None and (accepted is not None or without is not None):
        condition = f"{what} not worse than accepted by more than {gate.may_fall_by:g}"
        if accepted is None and without is not None and summary is not None and summary.mean is not None:
            yield CheckedGate(without, condition, "no accepted results yet; `dbench bench accept` writes them")
        else:
            column = next((column for column in table.columns if column.score == name), None)
            before = None if accepted is None else accepted.find(gate.entry, name)
            yield _fall(condition, summary, before, gate.may_fall_by, column)


def _bound(condition: str, summary: Summary | None, bound: float, sign: int) -> CheckedGate:
    if summary is None or summary.mean is None:
        return CheckedGate("NOTHING", condition, "it has no value")
    margin = sign * (summary.mean - bound)
    found = f"mean {summary.mean:.4g} over {summary.count}"
    return CheckedGate("PASS" if margin >= 0 else "FAIL", condition, found, margin)


def _lead(condition: str, summary: Summary | None, gate: Gate, better: str) -> CheckedGate:
    if summary is None or summary.difference is None or gate.above_baseline is None:
        return CheckedGate("NOTHING", condition, "one of the two has no value")
    lead = (-1 if better == "lower" else 1) * summary.difference.value
    margin = lead - gate.above_baseline
    found = f"by {lead:.4g}, mean over {summary.count}"
    return CheckedGate("PASS" if margin >= 0 else "FAIL", condition, found, margin)


def _fall(
    condition: str, summary: Summary | None, before: AcceptedScore | None, tolerance: float, column: Column | None
) -> CheckedGate:
    """A fall counts if it is larger than the tolerance and significant over seeds."""
    now = {} if summary is None else {seed: value for seed, value in summary.values.items() if value is not None}
    if not now or column is None:
        return CheckedGate("NOTHING", condition, "it has no value")
    if before is None or not before.seeds:
        return CheckedGate("NOTHING", condition, "it is not among the accepted results")
    if before.version != column.version:
        found = f"accepted with version {before.version} of the metric, now version {column.version}"
        return CheckedGate("NOTHING", condition, f"{found}: accept the new results")
    both = [seed for seed in now if seed in before.seeds]
    pair = (before.seeds, now)
    then, here = ({seed: of[seed] for seed in both} for of in pair) if len(both) > 1 else pair
    difference = difference_over_seeds(then, here)
    fall = difference.value if column.better == "lower" else -difference.value
    [judged] = judge([difference], [column.better])
    failed = fall > tolerance and judged.verdict not in (
        None,
        UNSHOWN,
    )  # None: without a spread, nothing is significant
    p = f", p {say_p(difference.p)}" if difference.p is not None else ""
    said = "the same" if not fall else f"worse by {fall:.4g}" if fall > 0 else f"better by {-fall:.4g}"
    return CheckedGate("FAIL" if failed else "PASS", condition, f"{said}{p}", tolerance - fall)
