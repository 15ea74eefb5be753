"""Interleaved timing: contenders take turns, so that a machine that slows down slows all of them down."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from disentangle_bench.reports.markdown import markdown_table

Clock = Callable[[], float]


def cpu_seconds() -> float:
    """What this process's threads, and the children that it waited for, have worked."""
    children = os.times()
    return time.process_time() + children.children_user + children.children_system


CLOCKS: Mapping[str, Clock] = {"wall": time.perf_counter, "cpu": cpu_seconds}


@dataclass(frozen=True)
class Spread:
    """The median of some measurements, and how far they lie apart."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        return cls(statistics.median(values), min(values), max(values))

    def cells(self, form: str) -> tuple[str, str]:
        """Median, and lowest to highest, as text."""
        return f"{self.median:{form}}", f"{self.low:{form}} to {self.high:{form}}"


def seconds_each(work: Callable[[], object], times: int, clock: Clock) -> float:
    """Seconds that one call takes, averaged over `times` calls in a row."""
    begun = clock()
    for _ in range(times):
        work()
    return (clock() - begun) / times


def interleave(
    contenders: Mapping[str, Callable[[], object]], *, rounds: int, times: int, clock: Clock, warm_up: int = 2
) -> dict[str, list[float]]:
    """Seconds per call of each contender, one measurement per round.

    Every contender is called `warm_up` times beforehand; every second round goes backwards, so that a drift favors
    none.
    """
    for work in contenders.values():
        for _ in range(warm_up):
            work()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds):
        for name in list(contenders)[:: -1 if turn % 2 else 1]:
            seconds[name].append(seconds_each(contenders[name], times, clock))
    return seconds


def ratios(above: Sequence[float], below: Sequence[float]) -> Spread:
    """One measurement over another, round by round."""
    return Spread.of([a / b for a, b in zip(above, below, strict=True)])


@dataclass(frozen=True)
class Row:
    """A line of a report: what was measured, its spread over the rounds (or one number), and the target, if any."""

    what: str
    value: Spread | float
    form: str = ".3f"
    target: str = ""

    def cells(self) -> tuple[str, str, str, str]:
        value, summary = (
            self.value.cells(self.form) if isinstance(self.value, Spread) else (f"{self.value:{self.form}}", "")
        )
        return self.what, value, summary, self.target


def report(title: str, rows: Sequence[Row]) -> str:
    """A Markdown section."""
    table = markdown_table(["", "median", "range", "target"], [row.cells() for row in rows], left=["", "target"])
    return f"### {title}\n\n{table}"
