"""The value of a subject: of its one run, or what its seeds come to."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.evaluation.comparison.comparable import Group, seed_of, unlike_entries
from disentangle_bench.evaluation.comparison.report import Value
from disentangle_bench.evaluation.results import Results, ScoreEntry
from disentangle_bench.evaluation.seeds import mean_over_seeds

WHICH_CODE = "which code does what is left to chance, so its number means nothing across runs"


def value_of(score: str, metric: str, group: Group) -> Value:
    """Make the value of a score; a mean over seeds is over those that have one, and `reason` names the others."""
    runs = [results.scores[score].value if score in results.scores else None for results in group]
    entries = entries_of(score, group)
    missing = _missing(score, metric, group)
    if not entries:
        return Value(value=None, runs=runs, reason=missing)
    levels = {"chance": _mean([entry.chance for entry in entries]), "ceiling": _mean([e.ceiling for e in entries])}
    if len(group) == 1:
        [entry] = entries
        return Value(value=entry.value, low=entry.low, high=entry.high, runs=runs, **levels)
    if unlike := unlike_entries(entries):
        return Value(value=None, runs=runs, reason=f"computed {unlike}")
    if "code" in entries[0].arbitrary:
        return Value(value=None, runs=runs, reason=WHICH_CODE, **levels)
    mean = mean_over_seeds(values_of(entries))
    absolute = "sign" in entries[0].arbitrary
    return Value(**mean._asdict(), runs=runs, absolute=absolute, reason=missing, **levels)


def entries_of(score: str, group: Group) -> list[ScoreEntry]:
    """The entries of a score that have a value."""
    found = (results.scores.get(score) for results in group)
    return [entry for entry in found if entry is not None and entry.value is not None]


def values_of(entries: Sequence[ScoreEntry]) -> NDArray[np.float64]:
    """The values `(n,)`, without signs where these are arbitrary."""
    values = np.array([entry.value for entry in entries], dtype=np.float64)
    return np.abs(values) if "sign" in entries[0].arbitrary else values


def _mean(levels: Sequence[float | None]) -> float | None:
    known = [level for level in levels if level is not None]
    return fmean(known) if known and len(known) == len(levels) else None


def _missing(score: str, metric: str, group: Group) -> str:
    seeds: dict[str, list[str]] = {}
    for results in group:
        if not entries_of(score, [results]):
            seeds.setdefault(_why_none(score, metric, results), []).append(str(seed_of(results)))
    return "; ".join(
        reason if len(of) == len(group) else f"seed {', '.join(of)}: {reason}" for reason, of in seeds.items()
    )


def _why_none(score: str, metric: str, results: Results) -> str:
    """The reason of this score, or of its metric, if that as a whole has no value; or why there are no scores."""
    for name in (score, metric):
        if name in results.scores:
            return results.scores[name].reason
    status = str(results.subject.get("status", "ok"))
    return "not evaluated" if results.scores or status in ("", "ok") else status
