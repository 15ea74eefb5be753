"""Scores where some values of factors are unknown: each factor is scored on the rows where it is known.

A component that averages over factors is computed of one factor at a time, and the scores are averaged. One that needs
all factors together is computed on the rows where all are known. Either way a metric sees known values only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.metrics import Score, Scores, info_of
from disentangle_bench.metrics.inputs import MINIMUM, drawn_mask, varies
from disentangle_bench.metrics.metric import called
from disentangle_bench.metrics.resampling import Resampling, Weights
from disentangle_bench.representation.variables import Variables

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]
Parts = Mapping[str, Any]
BY_FACTOR, COMPLETE = "by_factor", "complete_rows"
"""Where the details of a score say which rows of which factors were scored."""


def is_partly_known(factors: Variables) -> bool:
    """Whether some value of some factor is unknown."""
    return any(summary.samples < len(factors) for summary in factors.summaries)


def complete_rows(factors: Variables) -> Rows:
    """The rows `(m,)` where all factors are known."""
    return np.flatnonzero(factors.known.all(axis=1))


def drawn_splits(factors: Variables, seed: int) -> Mask:
    """Train masks `(n, k + 1)`: one drawn for each factor among its known rows, and one among the complete rows.

    So a factor gets the split that it would get if the rows without it were not there.
    """
    rows = [*map(np.flatnonzero, factors.known.T), complete_rows(factors)]
    splits = np.repeat(drawn_mask(len(factors), seed)[:, None], len(rows), axis=1)
    for place, known in enumerate(rows):
        splits[known, place] = drawn_mask(len(known), seed)
    return splits


def scores_on_known_rows(
    function: Callable[..., Scores], parts: Parts, settings: Mapping[str, Any]
) -> dict[str, Score]:
    """Compute a metric of factors of which some values are unknown.

    Args:
        function: the metric.
        parts: those that it takes, `codes` and `factors` among them. `train` is `(n,)`, or as of `drawn_splits`.
        settings: in full.
    """
    factors, averaged = parts["factors"], info_of(function).factorwise
    known = {name: np.flatnonzero(column) for name, column in zip(factors.names, factors.known.T, strict=True)}
    alone: dict[str, dict[str, Score]] = {}
    for place, (name, rows) in enumerate(known.items()):
        if averaged and len(rows) >= MINIMUM and varies(factors.column(name)[rows]):
            of_factor = _on_rows({**parts, "factors": factors.select([name])}, rows, split=place)
            alone[name] = called(function, of_factor, settings)
    components = list(next(iter(alone.values()), ()))
    means = _means(parts, known, alone, [part for part in components if part in averaged])
    if means and len(means) == len(components):
        return means
    together = _scores_together(function, parts, settings, components)
    return {part: means.get(part, score) for part, score in together.items()}


def _scores_together(
    function: Callable[..., Scores], parts: Parts, settings: Mapping[str, Any], components: Sequence[str]
) -> dict[str, Score]:
    """Compute a metric on the rows where all factors are known."""
    rows = complete_rows(parts["factors"])
    if len(rows) < MINIMUM:
        said = f"all factors are known in {len(rows)} of {len(parts['factors']):,} samples; choose some with --factors"
        return dict.fromkeys(components or [""], Score.undefined(said))
    scores = called(function, _on_rows(parts, rows, split=-1), settings)
    return {part: replace(score, details={**score.details, COMPLETE: len(rows)}) for part, score in scores.items()}


def _on_rows(parts: Parts, rows: Rows, *, split: int) -> dict[str, Any]:
    chosen = {**parts, "codes": parts["codes"].rows(rows), "factors": parts["factors"].rows(rows)}
    if parts.get("train") is not None:
        chosen["train"] = _split_of(parts, split)[rows]
    if "posterior_parameters" in parts:
        of_codes = parts["posterior_parameters"].items()
        chosen["posterior_parameters"] = {code: np.asarray(given)[rows] for code, given in of_codes}
    return chosen


def _split_of(parts: Parts, place: int) -> Mask:
    train: Mask = parts["train"]
    return train if train.ndim == 1 else train[:, place]


def _means(
    parts: Parts, known: Mapping[str, Rows], alone: Mapping[str, dict[str, Score]], averaged: Sequence[str]
) -> dict[str, Score]:
    """The means over the factors of scores of one factor at a time."""
    means = {part: _mean(known, {name: scores[part] for name, scores in alone.items()}) for part in averaged}
    drawn = _resampling(parts, known, alone)
    without = {
        part
        for scores in alone.values()
        for part, score in scores.items()
        if score.value is not None and score.resampling is None
    }
    return {part: replace(score, resampling=None if part in without else drawn) for part, score in means.items()}


def _mean(known: Mapping[str, Rows], scores: Mapping[str, Score]) -> Score:
    """The mean over the factors that have a score; `known` are the rows where each of them is known."""
    defined = {name: score for name, score in scores.items() if score.value is not None}
    first = next(iter((defined or scores).values()))
    said = {
        name: {"rows": len(rows), "value": score.value, "reason": score.reason, "details": dict(score.details)}
        for name, rows in known.items()
        for score in [scores.get(name, Score.undefined("it does not vary, or is known in too few samples"))]
    }
    each = defined.values()
    return replace(
        first,
        value=_mean_of([score.value for score in each]),
        low=None,
        high=None,
        chance=_mean_of([score.chance for score in each]),
        ceiling=_mean_of([score.ceiling for score in each]),
        samples=None,
        pairing="",
        details={BY_FACTOR: said},
    )


def _mean_of(numbers: Sequence[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return float(np.mean(known)) if known and len(known) == len(numbers) else None


def _resampling(parts: Parts, known: Mapping[str, Rows], alone: Mapping[str, dict[str, Score]]) -> Resampling:
    """Draw all rows anew, and with them those that count or are held out for each factor."""
    factors: Variables = parts["factors"]
    defined = Counter(part for scores in alone.values() for part, score in scores.items() if score.value is not None)
    drawn: list[tuple[Rows, Resampling]] = []
    for name, scores in alone.items():
        for resampling in {score.resampling for score in scores.values() if score.resampling is not None}:
            rows = known[name]
            if resampling.units < len(rows):
                rows = rows[~_split_of(parts, factors.names.index(name))[rows]]
            drawn.append((rows, resampling))

    def values(weights: Weights) -> dict[str, float]:
        found: dict[str, list[float]] = {}
        for rows, resampling in drawn:
            for part, value in resampling.values(weights[rows]).items():
                found.setdefault(part, []).append(value)
        return {part: float(np.mean(each)) for part, each in found.items() if len(each) == defined[part]}

    return Resampling(len(factors), "rows, of which each factor counts its own", values)
