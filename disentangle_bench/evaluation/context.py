"""What stands beside the scores of a metric of codes and factors: interval, chance and ceiling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from disentangle_bench.evaluation import bootstrap
from disentangle_bench.evaluation.metric_call import MetricCall, Schedule
from disentangle_bench.evaluation.reference_levels import effort_of, explanation, reference_levels
from disentangle_bench.metrics import Score
from disentangle_bench.metrics.information.bins import bins_of
from disentangle_bench.seeds import derive_seed

MOST_ROWS = 200_000
"""More are resampled only if a number is given: they may not fit into memory, and their intervals are narrow."""
MOST_FITTED_ROWS = 20_000
"""The same for metrics that fit something to a training split, anew for every resample."""
REFERENCE = (10_000, 10, 113)
"""Samples, codes, and values of all factors for which `MetricInfo.seconds` is declared."""


@dataclass(frozen=True)
class Context:
    """What is to stand beside scores.

    Attributes:
        resamples: for the intervals; by default 100, for metrics that are not slow, of up to 200,000 rows, or 20,000
            where something is fitted.
        levels: simulate chance and ceiling.
        seed: of the resamples.
        on_progress: called with how many resamples and simulations of a metric are done, and how many there will be.
    """

    resamples: int | None = None
    levels: bool = True
    seed: int = 0
    on_progress: Callable[[int, int], object] | None = None

    def resamples_of(self, call: MetricCall) -> int:
        """How many resamples a metric gets."""
        if self.resamples is not None:
            return self.resamples
        info = call.info
        most = MOST_FITTED_ROWS if "train" in (*info.needs, *info.uses) else MOST_ROWS
        return 0 if info.slow or info.interval != "rows" or len(call.codes) > most else bootstrap.USUAL


def predicted_seconds(call: MetricCall, context: Context) -> float:
    """Roughly what a metric takes on one core with what is to stand beside its scores, before anything is computed.

    Scaled from what the metric declares for 10,000 samples by the numbers of samples, codes and values of factors.
    """
    values = sum(map(len, bins_of(call.factors, 2)))
    sizes = (len(call.codes), len(call.codes.names), values)
    scale = 1.0
    for size, usual in zip(sizes, REFERENCE, strict=True):
        scale *= size / usual
    times = 1.0 + context.resamples_of(call)
    if context.levels:
        effort = effort_of(call)
        times += effort.simulations * min(1.0, effort.rows / len(call.codes))
    return call.info.seconds * scale * times


class _Steps:
    """Counts what is done for one metric, and reports it."""

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
    defined = {part: score for part, score in scores.items() if score.value is not None}
    wanted = _Wanted.of(call, scores, context)
    steps = _Steps(wanted.simulations + wanted.resamples, context.on_progress)
    if wanted.simulations:
        share = min(1.0, effort_of(call).rows / len(call.codes))
        defined = _with_levels(call, defined, Schedule(None if seconds is None else seconds * share, steps))
        steps.reach(wanted.simulations)  # at once, where they were simulated before
    if wanted.resamples:
        defined = _with_intervals(call, defined, wanted.resamples, context.seed, Schedule(seconds, steps))
    return {part: defined.get(part, score) for part, score in scores.items()}


@dataclass(frozen=True)
class _Wanted:
    simulations: int
    resamples: int

    @classmethod
    def of(cls, call: MetricCall, scores: Mapping[str, Score], context: Context) -> _Wanted:
        each = scores.values()
        if all(score.value is None for score in each):
            return cls(0, 0)
        own_levels = any(score.chance is not None for score in each) and any(s.ceiling is not None for s in each)
        simulations = effort_of(call).simulations if context.levels and not own_levels else 0
        own_interval = any(score.low is not None for score in each)
        return cls(simulations, 0 if own_interval else context.resamples_of(call))


def _with_levels(call: MetricCall, scores: dict[str, Score], schedule: Schedule) -> dict[str, Score]:
    has_chance = any(score.chance is not None for score in scores.values())
    has_ceiling = any(score.ceiling is not None for score in scores.values())
    better = {part: score.better or call.info.better for part, score in scores.items()}
    levels = reference_levels(call, better, schedule=schedule)
    return {
        part: replace(
            score,
            chance=score.chance if has_chance else levels[part].chance,
            ceiling=score.ceiling if has_ceiling else levels[part].ceiling,
            details={**score.details, "levels": explanation(call)},
        )
        for part, score in scores.items()
    }


def _with_intervals(
    call: MetricCall, scores: dict[str, Score], resamples: int, seed: int, schedule: Schedule
) -> dict[str, Score]:
    info = call.info
    intervals = bootstrap.bootstrap_intervals(
        call,
        {part: float(score.value) for part, score in scores.items() if score.value is not None},
        {part: info.bounds if score.bounds is None else score.bounds for part, score in scores.items()},
        resamples=resamples,
        seed=derive_seed(seed, info.name),
        schedule=schedule,
    )
    return {
        part: replace(
            score,
            low=intervals[part].low,
            high=intervals[part].high,
            details={**score.details, "bootstrap": intervals[part].details()},
        )
        for part, score in scores.items()
    }
