"""Gates: conditions on scores that turn a build red."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from disentangle_bench.evaluation.seeds import UNSHOWN, difference_over_seeds, judge
from disentangle_bench.reports.numbers import say_p
from disentangle_bench.reports.suite_table import Column, SuiteTable, Summary
from disentangle_bench.suites.accepted import Accepted, AcceptedScore
from disentangle_bench.suites.suite import Gate, Suite

Verdict = Literal["PASS", "FAIL", "NOTHING"]
PASS: Verdict = "PASS"
FAIL: Verdict = "FAIL"
NOTHING: Verdict = "NOTHING"


class Checked(NamedTuple):
    """One condition of a gate.

    Attributes:
        verdict: PASS, FAIL, or NOTHING where there was nothing to measure.
        condition: what was demanded.
        found: what was found.
        margin: by how much the condition is met; negative by how much it is missed.
    """

    verdict: Verdict
    condition: str
    found: str
    margin: float | None

    def __str__(self) -> str:
        return f"{self.verdict}  {self.condition}: {self.found}"


def check_gates(
    suite: Suite, table: SuiteTable, accepted: Accepted | None = None, *, compares: bool = True
) -> list[Checked]:
    """Check every condition of every gate.

    Args:
        suite: with the gates.
        table: of its results.
        accepted: earlier results, for `may_fall_by`.
        compares: whether accepted results are wanted; if not, `may_fall_by` is left out.
    """
    return [checked for gate in suite.gates for checked in _check(gate, table, accepted, compares)]


def _check(gate: Gate, table: SuiteTable, accepted: Accepted | None, compares: bool) -> Iterator[Checked]:
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
    if gate.may_fall_by is not None and compares:
        before = None if accepted is None else accepted.find(gate.entry, name)
        condition = f"{what} not worse than accepted by more than {gate.may_fall_by:g}"
        if accepted is None:
            yield Checked(PASS, condition, "no accepted results yet", None)
        else:
            column = next((column for column in table.columns if column.score == name), None)
            yield _fall(condition, summary, before, gate.may_fall_by, column)


def _bound(condition: str, summary: Summary | None, bound: float, sign: int) -> Checked:
    if summary is None or summary.mean is None:
        return Checked(NOTHING, condition, "it has no value", None)
    margin = sign * (summary.mean - bound)
    return Checked(PASS if margin >= 0 else FAIL, condition, f"mean {summary.mean:.4g} over {summary.count}", margin)


def _lead(condition: str, summary: Summary | None, gate: Gate, better: str) -> Checked:
    if summary is None or summary.difference is None or gate.above_baseline is None:
        return Checked(NOTHING, condition, "one of the two has no value", None)
    lead = (-1 if better == "lower" else 1) * summary.difference.value
    margin = lead - gate.above_baseline
    return Checked(PASS if margin >= 0 else FAIL, condition, f"by {lead:.4g}, mean over {summary.count}", margin)


def _fall(
    condition: str, summary: Summary | None, before: AcceptedScore | None, tolerance: float, column: Column | None
) -> Checked:
    """A fall counts if it is larger than the tolerance and significant over seeds."""
    now = {} if summary is None else {seed: value for seed, value in summary.values.items() if value is not None}
    if not now or column is None:
        return Checked(NOTHING, condition, "it has no value", None)
    if before is None or not before.seeds:
        return Checked(NOTHING, condition, "it is not among the accepted results", None)
    if before.version != column.version:
        found = f"accepted with version {before.version} of the metric, now version {column.version}"
        return Checked(NOTHING, condition, f"{found}: accept the new results", None)
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
    return Checked(FAIL if failed else PASS, condition, f"{said}{p}", tolerance - fall)
