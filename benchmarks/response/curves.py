"""Curves from the results of the suite `metric-response`: each score over the degrees of each corruption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.suite import Suite
from disentangle_bench.suites.synthetic import Synthetic

SUITE = "metric-response"
DESCENDING = ("bins",)
"""Corruptions that are worse the lower their level is."""


@dataclass(frozen=True)
class Point:
    """One score at one level of a corruption.

    Attributes:
        level: how much.
        chance, ceiling: of the first seed; they depend on the factors, which are the same at all.
        values: of each seed.
    """

    level: float
    chance: float | None
    ceiling: float | None
    values: tuple[float | None, ...]

    @property
    def known(self) -> list[float]:
        """The values of the seeds that have one."""
        return [value for value in self.values if value is not None]

    @property
    def mean(self) -> float | None:
        """Of the seeds that have a value."""
        return fmean(self.known) if self.known else None

    @property
    def row(self) -> list[float | None]:
        """Level, chance, ceiling and the value of each seed, to four digits."""
        numbers = (self.level, self.chance, self.ceiling, *self.values)
        return [None if number is None else float(f"{number:.4g}") for number in numbers]


Curves = Mapping[str, Mapping[str, list[Point]]]
"""Score -> corruption -> its points, from the least level on."""


def levels_of(suite: Suite) -> dict[str, dict[float, str]]:
    """Corruption -> level -> the entry that has it, from the least on; perfect codes are a level of each but rows."""
    levels: dict[str, dict[float, str]] = {}
    for name, entry in suite.entries.items():
        corrupted = entry.synthetic.model_dump(exclude_defaults=True) if entry.synthetic else {}
        for corruption, level in corrupted.items():
            levels.setdefault(corruption, {})[level] = name
    for corruption, entries in levels.items():
        untouched = Synthetic.model_fields[corruption].default
        if untouched is not None and suite.baseline is not None and corruption != "rows":
            entries[untouched] = suite.baseline
    return {corruption: dict(sorted(of.items(), reverse=corruption in DESCENDING)) for corruption, of in levels.items()}


def curves_of(bench: Bench) -> dict[str, dict[str, list[Point]]]:
    """Collect the curves of every score."""
    found = {(cell.entry, cell.seed): of.scores for cell, of in bench.found().items()}
    names = dict.fromkeys(name for scores in found.values() for name in scores)
    levels = levels_of(bench.suite)

    def point(score: str, level: float, entry: str) -> Point:
        of: list[Mapping[str, Any]] = [found[entry, seed].get(score, {}) for seed in bench.suite.seeds]
        return Point(level, of[0].get("chance"), of[0].get("ceiling"), tuple(seed.get("value") for seed in of))

    return {
        name: {
            corruption: [point(name, level, entry) for level, entry in entries.items()]
            for corruption, entries in levels.items()
        }
        for name in names
    }
