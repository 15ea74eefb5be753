"""Score corrupted codes by every metric, case by case; what is measured is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import disentangle_bench as db
from benchmarks.response.corruptions import CORRUPTIONS, Floats, Integers
from disentangle_bench.metrics import METRICS, info_of
from disentangle_bench.seeds import derive_seed
from disentangle_bench.storage import write_json

FACTORS = ("a", "b", "c", "d")
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


Scores = dict[Case, dict[str, Measured]]


def cases(seeds: int) -> Iterator[Case]:
    """Every corruption at every level, seed by seed."""
    for seed in range(seeds):
        for name, corruption in CORRUPTIONS.items():
            for level in corruption.levels:
                yield Case(name, level, seed)


def arrays(case: Case) -> tuple[Floats, Integers]:
    """The corrupted codes of a case, and its factors: of one seed, all corruptions are done to the same codes."""
    return CORRUPTIONS[case.corruption].arrays(case.level, derive_seed(case.seed, "metric response"))


def place(case: Case, folder: Path) -> Path:
    """The file of a case's scores, named by what they depend on: equal cases share it, and it outlives no change."""
    codes, factors = arrays(case)
    versions = {name: info_of(METRICS.get(name)).version for name in metrics()}
    digest = hashlib.sha256(repr((case.seed, codes.shape, versions)).encode())
    for array in (codes, factors):
        digest.update(array.tobytes())
    return folder / f"{digest.hexdigest()[:32]}.json"


def score(case: Case) -> dict[str, Measured]:
    """The scores of a case; chance and ceiling, which depend on no seed, are simulated for the first one only."""
    subject = db.Representation.of(*arrays(case), factor_names=FACTORS)
    results = db.evaluate(subject, metrics(), seed=case.seed, bootstrap=0, levels=case.seed == 0)
    return {name: Measured(of.value, of.chance, of.ceiling) for name, of in results.scores.items()}


def measure(case: Case, folder: Path) -> None:
    """Score a case, unless its scores are kept in the folder."""
    path = place(case, folder)
    if not path.exists():
        write_json(path, score(case))


def gathered(folder: Path, seeds: int) -> Scores:
    """The scores of every case."""
    kept = {case: json.loads(place(case, folder).read_text(encoding="utf-8")) for case in cases(seeds)}
    return {case: {name: Measured(*of) for name, of in scores.items()} for case, scores in kept.items()}
