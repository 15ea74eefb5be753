"""The numbers of a comparison as text, rounded to what their intervals support."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase
from typing import NamedTuple

from disentangle_bench.evaluation.comparison import Difference, Row, Value
from disentangle_bench.reports.numbers import (
    PLAIN_DECIMALS,
    decimals_for,
    is_count,
    say,
    say_optional,
    say_signed,
)


class Said(NamedTuple):
    """A value or difference with its 95 % interval or, of several runs, with the range over seeds; or with neither."""

    value: str
    low: str = ""
    high: str = ""
    is_range: bool = False

    @property
    def ends(self) -> tuple[str, str]:
        """Both ends as they stand in two columns: a range in round brackets."""
        if not self.low:
            return "", ""
        return (f"({self.low},", f"{self.high})") if self.is_range else (f"[{self.low},", f"{self.high}]")

    def __str__(self) -> str:
        if self.is_range:
            return f"{self.value} ({self.low}..{self.high})"
        return f"{self.value} [{self.low}, {self.high}]" if self.low else self.value


def letters(count: int) -> list[str]:
    """`A`, `B`, ...: what the table calls the subjects; `S1`, `S2`, ... where the alphabet is too short."""
    return list(ascii_uppercase[:count]) if count <= len(ascii_uppercase) else [f"S{n + 1}" for n in range(count)]


def say_value(value: Value) -> Said:
    """A subject's value: of its one run with the interval, or the mean over seeds with the range."""
    runs = [run for run in value.runs if run is not None]
    count = is_count(runs)
    if len(value.runs) == 1 or value.value is None:
        decimals = 0 if count else decimals_for(value.low, value.high)
        return _with_interval(say(value.value, decimals), value.low, value.high, decimals)
    least, greatest = min(runs), max(runs)
    decimals = min(decimals_for(least, greatest), PLAIN_DECIMALS)
    low, high = (say(end, 0 if count else decimals) for end in (least, greatest))
    return Said(low) if low == high else Said(say(value.value, max(decimals, 1)), low, high, is_range=True)


def say_levels(levels: Sequence[float | None]) -> str:
    """Chance or ceiling of several subjects: one number where theirs are equal, as far as they are printed."""
    known = [level for level in levels if level is not None]
    count = bool(known) and is_count(known)
    said = dict.fromkeys(say_optional(level, 0 if count else PLAIN_DECIMALS) for level in sorted(known))
    return "..".join([*said][:: max(len(said) - 1, 1)])


def say_differences(row: Row) -> list[Said]:
    """Each difference to the first subject, with its interval; an empty text where there is none."""
    counts = is_count(run for value in row.values for run in value.runs)
    return [_difference(difference, counts) for difference in row.differences]


def _difference(difference: Difference, counts: bool) -> Said:
    if difference.value is None:
        return Said("")
    ends = difference.low, difference.high
    decimals = 0 if counts and difference.low is None else decimals_for(*ends)
    return _with_interval(say_signed(difference.value, decimals), *ends, decimals)


def _with_interval(value: str, low: float | None, high: float | None, decimals: int) -> Said:
    return Said(value) if low is None or high is None else Said(value, say(low, decimals), say(high, decimals))
