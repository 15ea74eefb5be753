"""The numbers of a comparison as text, rounded to what their intervals support."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from string import ascii_uppercase
from typing import NamedTuple

from disentangle_bench.evaluation.comparison import Difference, Row, Value
from disentangle_bench.reports.numbers import (
    PLAIN_DECIMALS,
    decimals_for,
    is_count,
    say,
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
    """Name the subjects `A`, `B`, ..., or `S1`, `S2`, ... where the alphabet is too short."""
    return list(ascii_uppercase[:count]) if count <= len(ascii_uppercase) else [f"S{n + 1}" for n in range(count)]


def say_value(value: Value) -> Said:
    """Write a subject's value: of its one run with the interval, or the mean over seeds with the range."""
    decimals = _decimals(value)
    if len(value.runs) == 1 or value.value is None:
        return _with_interval(say(value.value, decimals), value.low, value.high, decimals)
    low, high = (say(end, decimals) for end in _ends(value))
    return Said(low) if low == high else Said(say(value.value, max(decimals, 1)), low, high, is_range=True)


def _decimals(value: Value) -> int:
    """As many as the interval of a single run supports, or the range over seeds."""
    if is_count(value.runs):
        return 0
    if len(value.runs) == 1 or value.value is None:
        return decimals_for(value.low, value.high)
    return min(decimals_for(*_ends(value)), PLAIN_DECIMALS)


def _ends(value: Value) -> tuple[float, float]:
    return min(value.known), max(value.known)


def say_chance(values: Sequence[Value]) -> str:
    """Write the chance of several subjects: the mean if they agree to one decimal, else the least and the greatest."""
    return _say_levels([value.chance for value in values], values)


def say_ceiling(values: Sequence[Value]) -> str:
    """Write the ceiling of several subjects, as `say_chance`."""
    return _say_levels([value.ceiling for value in values], values)


def _say_levels(levels: Sequence[float | None], values: Sequence[Value]) -> str:
    known = [level for level in levels if level is not None]
    if not known:
        return ""
    decimals = 0 if is_count(known) else min(PLAIN_DECIMALS, *map(_decimals, values))
    rough = [say(level, min(decimals, 1)) for level in (min(known), max(known))]
    return say(fmean(known), decimals) if rough[0] == rough[1] else "..".join(rough)


def say_differences(row: Row) -> list[Said]:
    """Write each difference to the first subject, with its interval; empty texts where there is none."""
    counts = is_count(run for value in row.values for run in value.runs)
    said = []
    for difference in row.differences:
        ends = difference.low, difference.high
        decimals = 0 if counts and difference.low is None else decimals_for(*ends)
        value = "" if difference.value is None else say_signed(difference.value, decimals)
        said.append(_with_interval(value, *ends, decimals))
    return said


def say_unseen(difference: Difference) -> str:
    """Say how large a difference so many seeds could have shown, where none is shown; else an empty text."""
    if difference.verdict != "no difference shown" or difference.detectable is None:
        return ""
    detectable = say(difference.detectable, decimals_for(difference.low, difference.high))
    return f"below {detectable} it could not have been seen"


def _with_interval(value: str, low: float | None, high: float | None, decimals: int) -> Said:
    return Said(value) if low is None or high is None else Said(value, say(low, decimals), say(high, decimals))
