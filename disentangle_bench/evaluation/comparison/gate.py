"""A gate on a comparison: by how much scores may be worse than the first subject's."""

from __future__ import annotations

from disentangle_bench.errors import DbenchError, SettingError
from disentangle_bench.evaluation.comparison.report import Comparison, Difference, Row, Value

ROUNDING = 1e-12


class ShortfallError(DbenchError):
    """A score is worse than a gate allows."""

    exit_code = 3


class UnmeasuredError(DbenchError):
    """A gate has nothing to measure: a score is missing, has no value, or cannot be compared."""

    exit_code = 4


def check_gate(comparison: Comparison, margin: float) -> str:
    """Hold the difference of every tested score to the first subject's against a margin.

    Args:
        comparison: of the first subject with others.
        margin: the least difference in the better direction: -0.02 lets a score be worse by 0.02.

    Returns:
        What was measured, in one line.

    Raises:
        ShortfallError: a score is worse. UnmeasuredError: none is, but one could not be measured on every run.
        SettingError: a score has no better direction.
    """
    measured: list[str] = []
    short: list[str] = []
    unmeasured: list[str] = []
    base, *others = comparison.subjects
    for row in (row for row in comparison.rows if row.tested):
        if row.better == "neither":
            raise SettingError(f"There is no gate on {row.score}: neither direction is better.", "Leave it out.")
        for side, value, difference in zip(others, row.values[1:], row.differences, strict=True):
            if why := _unmeasured(row, value, difference):
                unmeasured.append(f"{row.score} of {side.name} is not measured against {base.name}: {why}")
                continue
            gain = (difference.value or 0.0) * (1 if row.better == "higher" else -1)
            distance = f"{abs(gain):.4g} {'better' if gain > 0 else 'worse'} than" if gain else "as"
            said = (
                f"{row.score} of {side.name} is {value.value:.4g}, {distance} {row.values[0].value:.4g} of {base.name}"
            )
            (short if gain < margin - ROUNDING else measured).append(said)
    limit = "as good is required"
    if margin:
        limit = f"{-margin:g} worse is allowed" if margin < 0 else f"{margin:g} better is required"
    if short:
        raise ShortfallError(f"The gate fell short: {'; '.join(short)}; {limit}.", "\n".join(unmeasured))
    if unmeasured or not measured:
        raise UnmeasuredError("; ".join(unmeasured) + ".", "Score all with the same settings on the same data.")
    return f"The gate holds: {'; '.join(measured)}; {limit}."


def _unmeasured(row: Row, value: Value, difference: Difference) -> str:
    if difference.value is None:
        reasons = [each.reason for each in (row.values[0], value) if each.value is None]
        return "; ".join(dict.fromkeys(reasons)) or difference.reason
    return next((each.reason for each in (row.values[0], value) if each.is_partial), "")
