"""What was obtained with the recipes of the package, beside what their sources report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

FILE = Path(__file__).with_suffix(".json")
"""`python -m benchmarks.readme` writes it, from the published results of suites."""
NOTHING = "not run here"


@dataclass(frozen=True)
class Obtained:
    """What one recipe gave in one entry of a suite.

    Attributes:
        suite, entry: whose results are published.
        changed: the settings beside the steps that were others than the recipe's, by their dotted keys.
        steps: of each run.
        seeds: all that were trained.
        device, processor, precision, date: those of the runs, each once.
        scores: score -> `values`, one a seed and None where there is none, and `reached`, how many are at least as good
            as what the source reports, if it does and the settings are the recipe's.
    """

    suite: str
    entry: str
    changed: Mapping[str, Any]
    steps: int
    seeds: Sequence[int]
    device: Sequence[str]
    processor: Sequence[str]
    precision: Sequence[str]
    date: Sequence[str]
    scores: Mapping[str, Mapping[str, Any]]

    @property
    def conditions(self) -> str:
        """Steps and other changes, seeds, hardware and date, on one line."""
        where = f"{' and '.join(self.device)} ({', '.join(self.processor)})"
        seeds = f"seed{'s' if len(self.seeds) > 1 else ''} {', '.join(map(str, self.seeds))}"
        when = " to ".join(dict.fromkeys((self.date[0], self.date[-1])))
        changes = "".join(f", {key} = {value}" for key, value in self.changed.items())
        return f"{self.steps:,} steps{changes}, {seeds}, {where}, {' and '.join(self.precision)}, {when}"

    def say(self, score: str) -> str:
        """A score's median and its value at each seed, and how many seeds reach what the source reports."""
        values = self.scores[score]["values"]
        known = [value for value in values if value is not None]
        if not known:
            return "no seed has a value"
        each = ", ".join("n/a" if value is None else f"{value:.3g}" for value in values)
        said = f"{median(known):.3g}" + (f" (median of {each})" if len(values) > 1 else "")
        reached = self.scores[score].get("reached")
        return said if reached is None else f"{said}; {reached} of {len(values)} as good as published"


def obtained(recipe: str) -> list[Obtained]:
    """What a recipe of the package gave, an entry of a suite each; nothing where it was not run."""
    return [Obtained(**values) for values in _read().get(recipe, ())]


@cache
def _read() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found
