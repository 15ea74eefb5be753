"""Score corrupted codes by every metric, case by case; what is measured is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import disentangle_bench as db
from benchmarks.response.corruptions import CORRUPTIONS
from disentangle_bench.metrics import METRICS, info_of
from disentangle_bench.seeds import derive_seed
from disentangle_bench.storage import write_json

SEEDS = (0, 1, 2)
PARTS = {"codes", "factors"}
NOT_ON_CODES = ("c1-accuracy",)
"""Needs a categorical code."""
SLOW_SHOWN = ("dci", "dci/lasso")
"""The other slow variants are of forests, as DCI's own, and take hours."""


class Case(NamedTuple):
    """One corruption at one level, drawn with one seed."""

    corruption: str
    level: float
    seed: int

    @property
    def key(self) -> str:
        """Its name in the file of what is measured."""
        return f"{self.corruption}/{self.level:g}/{self.seed}"


class Measured(NamedTuple):
    """One score of one case."""

    value: float | None
    chance: float | None
    ceiling: float | None


def metrics() -> list[str]:
    """The metrics of codes and factors, or of codes alone, that the page shows."""
    usable = METRICS.usable()
    return [
        name
        for name, function in usable.items()
        if set(info_of(function).needs) <= PARTS
        and name not in NOT_ON_CODES
        and (not info_of(function).slow or name in SLOW_SHOWN)
    ]


def cases() -> Iterator[Case]:
    """Every corruption at every level, seed by seed."""
    for seed in SEEDS:
        for name, corruption in CORRUPTIONS.items():
            for level in corruption.levels:
                yield Case(name, level, seed)


def score(case: Case) -> dict[str, Measured]:
    """The scores of a case; chance and ceiling are simulated for the first seed only, for they depend on none."""
    representation = CORRUPTIONS[case.corruption].representation(case.level, derive_seed(case.seed, *case[:1]))
    results = db.evaluate(representation, metrics(), seed=case.seed, bootstrap=0, levels=case.seed == SEEDS[0])
    return {name: Measured(of.value, of.chance, of.ceiling) for name, of in results.scores.items()}


def measure(case: Case, folder: Path) -> None:
    """Score a case, unless its scores are kept in the folder."""
    path = folder / f"{case.key.replace('/', '-')}.json"
    if not path.exists():
        write_json(path, score(case))


def gathered(folder: Path) -> dict[str, dict[str, Measured]]:
    """The scores of every case, by its key."""
    kept = {case.key: (folder / f"{case.key.replace('/', '-')}.json").read_text(encoding="utf-8") for case in cases()}
    return {key: {name: Measured(*of) for name, of in json.loads(text).items()} for key, text in kept.items()}
