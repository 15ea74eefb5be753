"""What stands beside the scores of an observational metric: interval, chance and ceiling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from disentangle_bench.evaluation import bootstrap
from disentangle_bench.evaluation.question import Question
from disentangle_bench.evaluation.reference_levels import effort_of, explanation, reference_levels
from disentangle_bench.metrics import Score, info_of
from disentangle_bench.seeds import derive_seed

MOST_ROWS = 200_000
"""More are resampled only if asked for by number: they may not fit into memory, and their intervals are narrow."""
MOST_FITTED_ROWS = 20_000
"""The same for metrics that fit something to a training split, anew for every resample."""
LONG = 10.0
"""Seconds from which on an announcement is worth its line."""


@dataclass(frozen=True)
class Context:
    """What is to stand beside scores.

    Attributes:
        resamples: for the intervals; by default 100, for metrics that are not slow, of up to 200,000 rows, or 20,000
            where something is fitted.
        levels: simulate chance and ceiling.
        seed: of the resamples.
        on_progress: called with what takes long.
    """

    resamples: int | None = None
    levels: bool = True
    seed: int = 0
    on_progress: Callable[[str], None] | None = None

    def announce(self, what: str, seconds: float) -> None:
        """Tell of work that takes long."""
        if self.on_progress is not None and seconds >= LONG:
            self.on_progress(f"  {what}: about {_duration(seconds)} of work")

    def resamples_of(self, question: Question) -> int:
        """How many resamples a metric gets."""
        if self.resamples is not None:
            return self.resamples
        info = info_of(question.function)
        most = MOST_FITTED_ROWS if "train" in (*info.needs, *info.uses) else MOST_ROWS
        return 0 if info.slow or len(question.codes) > most else bootstrap.USUAL


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def in_context(scores: Mapping[str, Score], question: Question, context: Context, seconds: float) -> dict[str, Score]:
    """The scores of a metric with what stands beside them.

    A metric that gives chance, ceiling or interval for one of its parts knows its own: the others then have none.

    Args:
        scores: by part.
        question: the metric and the rows that gave them.
        context: what is wanted.
        seconds: what the scores took.
    """
    placed = {part: score for part, score in scores.items() if score.value is not None}
    if context.levels:
        placed = _with_levels(placed, question, context, seconds)
    if all(score.low is None for score in scores.values()):
        placed = _with_intervals(placed, question, context, seconds)
    return {part: placed.get(part, score) for part, score in scores.items()}


def _with_levels(scores: dict[str, Score], question: Question, context: Context, seconds: float) -> dict[str, Score]:
    has_chance = any(score.chance is not None for score in scores.values())
    has_ceiling = any(score.ceiling is not None for score in scores.values())
    if not scores or (has_chance and has_ceiling):
        return scores
    info = info_of(question.function)
    effort = effort_of(question)
    seconds *= min(1.0, effort.rows / len(question.codes))
    context.announce("chance and ceiling", seconds * effort.simulations)
    better = {part: score.better or info.better for part, score in scores.items()}
    levels = reference_levels(question, better, seconds=seconds)
    told = {"levels": explanation(question)}
    return {
        part: replace(
            score,
            chance=score.chance if has_chance else levels[part].chance,
            ceiling=score.ceiling if has_ceiling else levels[part].ceiling,
            details={**score.details, **told},
        )
        for part, score in scores.items()
    }


def _with_intervals(scores: dict[str, Score], question: Question, context: Context, seconds: float) -> dict[str, Score]:
    info = info_of(question.function)
    resamples = context.resamples_of(question)
    if not resamples or not scores:
        return scores
    context.announce(f"{resamples} resamples", seconds * resamples)
    intervals = bootstrap.bootstrap_intervals(
        question,
        {part: float(score.value) for part, score in scores.items() if score.value is not None},
        {part: info.bounds if score.bounds is None else score.bounds for part, score in scores.items()},
        resamples=resamples,
        seed=derive_seed(context.seed, info.name),
        seconds=seconds,
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
