"""What stands beside the scores of a metric of codes and factors: interval, chance and ceiling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from disentangle_bench.evaluation.intervals import IntervalPlan, plan_intervals, score_intervals
from disentangle_bench.evaluation.metric_call import MetricCall
from disentangle_bench.evaluation.reference_levels import Part, effort_of, explanation, reference_levels
from disentangle_bench.metrics import Score
from disentangle_bench.schedule import Schedule
from disentangle_bench.seeds import derive_seed


@dataclass(frozen=True)
class Context:
    """What is to stand beside scores.

    Attributes:
        resamples: for the intervals; None for the default, see `plan_intervals`; 0 for no intervals.
        levels: simulate chance and ceiling.
        seed: of the resamples.
        on_progress: called with how many resamples and simulations of a metric are done, and how many there will be.
    """

    resamples: int | None = None
    levels: bool = True
    seed: int = 0
    on_progress: Callable[[int, int], object] | None = None


class _Steps:
    """Counts the steps of one metric, and reports them."""

    def __init__(self, total: int, on_progress: Callable[[int, int], object] | None) -> None:
        self.done, self.total, self.on_progress = 0, total, on_progress

    def __call__(self) -> None:
        self.reach(self.done + 1)

    def reach(self, done: int) -> None:
        self.done = done
        if self.on_progress is not None:
            self.on_progress(done, self.total)


def add_context(
    call: MetricCall, scores: Mapping[str, Score], context: Context, seconds: float | None = None
) -> dict[str, Score]:
    """Put interval, chance and ceiling beside the scores of a metric.

    A metric that gives chance, ceiling or interval for one of its parts knows its own: the others then have none.

    Args:
        call: the metric and the rows that gave the scores.
        scores: by part.
        context: what is wanted.
        seconds: what the scores took; long work is spread over processes, which changes no number.
    """
    found = {part: score for part, score in scores.items() if score.value is not None}
    own_levels = any(of.chance is not None for of in found.values()) and any(
        of.ceiling is not None for of in found.values()
    )
    simulations = effort_of(call).simulations if context.levels and found and not own_levels else 0
    own_intervals = context.resamples == 0 or any(score.low is not None for score in found.values())
    plans = [] if own_intervals else plan_intervals(call, found, context.resamples)
    steps = _Steps(simulations + sum(plan.resamples for plan in plans), context.on_progress)
    if simulations:
        share = min(1.0, effort_of(call).rows / len(call.codes))
        found = _with_levels(call, found, Schedule(None if seconds is None else seconds * share, steps))
        steps.reach(simulations)  # at once, where they were simulated before
    seed = derive_seed(context.seed, call.info.name)
    for plan in plans:
        found |= _with_intervals(plan, call, found, seed, steps)
    return {part: found.get(part, score) for part, score in scores.items()}


def _with_levels(call: MetricCall, scores: dict[str, Score], schedule: Schedule) -> dict[str, Score]:
    has_chance = any(score.chance is not None for score in scores.values())
    has_ceiling = any(score.ceiling is not None for score in scores.values())
    parts = {name: Part(score.better or call.info.better, score.in_sample) for name, score in scores.items()}
    levels = reference_levels(call, parts, schedule=schedule)
    return {
        part: replace(
            score,
            chance=score.chance if has_chance else levels[part].chance,
            ceiling=score.ceiling if has_ceiling else levels[part].ceiling,
            details={**score.details, "levels": explanation(call, levels[part])},
        )
        for part, score in scores.items()
    }


def _with_intervals(
    plan: IntervalPlan, call: MetricCall, scores: dict[str, Score], seed: int, on_step: Callable[[], object]
) -> dict[str, Score]:
    intervals = score_intervals(plan, call, scores, seed=seed, schedule=Schedule(on_step=on_step))
    return {
        part: replace(
            scores[part],
            low=found.low,
            high=found.high,
            details={**scores[part].details, "interval": {**plan.details(), **found.details()}},
            replicates=found.replicates,
        )
        for part, found in intervals.items()
    }
