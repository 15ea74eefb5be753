"""Intervals of the scores of a metric of codes and factors: which units are resampled, and what is fitted anew.

- Held-out rows, or rows that are counted: a score that comes with a `resampling` is an average over units, and these
  are drawn again. Nothing is fitted anew; the interval covers what the fitted learner scores on other samples.
- Rows: all are drawn again, within the train split and within the test split, and the metric is computed anew.
- Halves of the rows, without replacement, for metrics that a row drawn twice would mislead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.evaluation.bootstrap import (
    FEWEST,
    USUAL,
    SampledInterval,
    bootstrap_interval,
    check_resamples,
    half_sample_interval,
    shift_of,
)
from disentangle_bench.evaluation.metric_call import MetricCall, Values
from disentangle_bench.metrics import Score
from disentangle_bench.metrics.resampling import Resampling, Weights
from disentangle_bench.schedule import UNTIMED, Schedule
from disentangle_bench.seeds import derive_seed

HALVES = FEWEST
"""By default; Student's interval allows for how few they are."""
GROUPS = 20
"""Of units, left out one after the other for BCa's acceleration; 20 give it to within 0.03."""
MOST_ROWS = 200_000
"""More are resampled only if a number is given: they may not fit into memory, and their intervals are narrow."""
MOST_REFITTED_ROWS = 20_000
"""The same where the metric fits something anew for every resample."""

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_] | None


@dataclass(frozen=True, eq=False)
class IntervalPlan:
    """How the intervals of some components of a metric are made.

    Attributes:
        parts: of the components, which have a value.
        resampling: of the units that are drawn.
        resamples: how many; 0 for no interval.
        train: `(units,)` bool: units of a split are drawn from it; None if all are drawn from all.
        halves: draw half of them without replacement.
        reason: why there is no interval.
    """

    parts: tuple[str, ...]
    resampling: Resampling
    resamples: int
    train: Mask = None
    halves: bool = False
    reason: str = ""

    def details(self) -> dict[str, str]:
        """What is resampled, for a score's details."""
        what = self.resampling.what
        return {"resampled": f"halves of the {what}" if self.halves else what} if self.resamples else {}


def plan_intervals(call: MetricCall, scores: Mapping[str, Score], resamples: int | None = None) -> list[IntervalPlan]:
    """Decide how the intervals of a metric's scores are made.

    Args:
        call: the metric and its rows.
        scores: by part.
        resamples: how many to draw, also where everything is fitted anew for each; None for the default, which leaves
            out what takes long: more than 200,000 rows, and to fit anew if other components do without, for slow
            metrics, and for more than 20,000 rows.
    """
    together: dict[Resampling | None, list[str]] = {}
    for part, score in scores.items():
        if score.value is not None:
            together.setdefault(score.resampling, []).append(part)
    return [
        _computed_anew(call, tuple(parts), resamples, alone=len(together) == 1)
        if resampling is None
        else IntervalPlan(
            tuple(parts),
            resampling,
            _usual(call, MOST_ROWS) if resamples is None else resamples,
            reason=f"more than {MOST_ROWS:,} rows are resampled only where the number of resamples is given",
        )
        for resampling, parts in together.items()
    ]


def _computed_anew(call: MetricCall, parts: tuple[str, ...], resamples: int | None, *, alone: bool) -> IntervalPlan:
    info = call.info
    halves = info.interval == "halves"
    train = None if call.train is None or call.train.ndim > 1 else call.train  # splits of several factors differ
    plan = IntervalPlan(parts, call.resampling(), 0, train, halves)
    if resamples is None:
        fits = halves or "train" in (*info.needs, *info.uses)
        resamples = _usual(call, MOST_REFITTED_ROWS if fits else MOST_ROWS) if alone and not info.slow else 0
        resamples = min(resamples, HALVES) if halves else resamples
    if resamples:
        return replace(plan, resamples=resamples)
    minutes = info.seconds * call.scale * USUAL / 60
    length = f"{minutes:.0f} minutes of work" if minutes >= 1 else "a while"
    reason = f"{USUAL} fits would take {length}; give the number of resamples to have them"
    return replace(plan, reason=reason)


def _usual(call: MetricCall, most_rows: int) -> int:
    return USUAL if len(call.codes) <= most_rows else 0


def score_intervals(
    plan: IntervalPlan, call: MetricCall, scores: Mapping[str, Score], *, seed: int = 0, schedule: Schedule = UNTIMED
) -> dict[str, SampledInterval]:
    """Make intervals as planned.

    Args:
        plan: from `plan_intervals`.
        call: the metric and the rows that gave the scores.
        scores: by part.
        seed: of the draws; the metric's own stays, so that only the rows vary.
        schedule: how the metric is computed on resamples.

    Returns:
        An interval for each part of the plan.

    Raises:
        SettingError: fewer than 20 resamples.
    """
    if not plan.resamples:
        return {part: SampledInterval(reason=plan.reason) for part in plan.parts}
    check_resamples(plan.resamples)
    values = {part: float(value) for part in plan.parts if (value := scores[part].value) is not None}
    bounds = {part: scores[part].bounds or call.info.bounds for part in values}
    units = plan.resampling.units
    draw = partial(half_weights if plan.halves else resampled_weights, units, plan.train)
    seeds = [derive_seed(seed, "bootstrap", number) for number in range(plan.resamples)]
    answers = list(schedule.map(partial(_values, plan.resampling, draw), seeds))
    replicates = {part: np.array([answer.get(part, np.nan) for answer in answers]) for part in values}
    drawn = {part: of[~np.isnan(of)] for part, of in replicates.items()}
    if plan.halves:
        halves = {
            part: half_sample_interval(value, drawn[part], plan.resamples, bounds[part])
            for part, value in values.items()
        }
        return {part: replace(found, replicates=replicates[part]) for part, found in halves.items()}
    left_out: dict[str, Floats] = {}
    if any(shift_of(value, drawn[part]) is not None for part, value in values.items()):  # else BCa is not used
        groups = range(min(GROUPS, units))
        without = partial(weights_without, units, len(groups), derive_seed(seed, "jackknife"))
        answers = list(Schedule(schedule.seconds).map(partial(_values, plan.resampling, without), groups))
        left_out = {
            part: np.array([answer[part] for answer in answers])
            for part in values
            if all(part in answer for answer in answers)
        }
    found = {
        part: bootstrap_interval(value, drawn[part], left_out.get(part), plan.resamples, bounds[part])
        for part, value in values.items()
    }
    return {part: replace(interval, replicates=replicates[part]) for part, interval in found.items()}


def _values(resampling: Resampling, draw: Callable[[int], Weights], item: int) -> Values:
    return dict(resampling.values(draw(item)))


def resampled_weights(units: int, train: Mask, seed: int) -> Weights:
    """`(units,)` how often each unit is drawn, with replacement, as many of each split as it has."""
    rng = np.random.default_rng(seed)
    weights = np.zeros(units, dtype=np.int64)
    for split in _splits(units, train):
        weights[split] = np.bincount(rng.integers(len(split), size=len(split)), minlength=len(split))
    return weights


def half_weights(units: int, train: Mask, seed: int) -> Weights:
    """`(units,)` 1 for a random half of the units of each split, 0 for the others."""
    rng = np.random.default_rng(seed)
    weights = np.zeros(units, dtype=np.int64)
    for split in _splits(units, train):
        weights[rng.permutation(split)[: (len(split) + 1) // 2]] = 1
    return weights


def weights_without(units: int, groups: int, seed: int, group: int) -> Weights:
    """Return `(units,)` 0 for one of some groups that the units are dealt into at random, 1 for the others."""
    dealt = np.random.default_rng(seed).permutation(units) % groups
    return np.asarray(dealt != group, dtype=np.int64)


def _splits(units: int, train: Mask) -> list[NDArray[np.int64]]:
    return [np.arange(units)] if train is None else [np.flatnonzero(split) for split in (train, ~train) if split.any()]
