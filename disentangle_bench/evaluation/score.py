"""Compute metrics of a subject one by one, and keep the scores of each as soon as it is done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from disentangle_bench.errors import DbenchError, FaultyMetricError, RunError, StorageError, with_place
from disentangle_bench.evaluation.context import Context, add_context
from disentangle_bench.evaluation.forecast import Forecast, in_words
from disentangle_bench.evaluation.plan import Settings, Step, plan
from disentangle_bench.evaluation.prediction import predicted_seconds, too_wide
from disentangle_bench.evaluation.progress import Advanced, Noted, OnProgress, Planned, Scored, Started
from disentangle_bench.evaluation.results import Results, ScoreEntry, entry_from_score
from disentangle_bench.evaluation.samples import Replicates, Samples
from disentangle_bench.evaluation.store import MemoryStore, Store, blank_results
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.metrics import Score
from disentangle_bench.metrics.metric import outside_bounds

ADVANCES = 0.5
"""Seconds from one report of how far a metric is to the next."""


class EvaluationInterrupted(KeyboardInterrupt):
    """Ctrl-C during an evaluation.

    Attributes:
        results: of the metrics that were done.
    """

    def __init__(self, message: str, results: Results) -> None:
        super().__init__(message)
        self.results = results


class UnkeptScoresError(StorageError):
    """Scores were computed and could not be written.

    Attributes:
        results: all of them.
    """

    exit_code = 1
    results: Results

    @classmethod
    def of(cls, error: DbenchError, results: Results) -> UnkeptScoresError:
        """Name the fault, and hand over the results."""
        unkept = cls(f"Not every score is kept. {error.problem}", f"{error.remedy} The same command continues.".strip())
        unkept.results = results
        return unkept


def score_subject(
    subject: Subject,
    metrics: Sequence[str] | str | None = None,
    *,
    settings: Settings | None = None,
    common: bool = False,
    seed: int = 0,
    bootstrap: int | None = None,
    levels: bool = True,
    store: Store | None = None,
    again: bool = False,
    on_progress: OnProgress = lambda _event: None,
) -> Results:
    """Compute some metrics of a subject, or all for which it has the parts.

    Metrics whose scores are in the store already, with the same version, settings and options, are not computed again.
    What one metric raises becomes the reason why it has no value, and the others go on.

    Args:
        subject: what is evaluated.
        metrics: their names or one name, or `all` for which the subject has the parts; by default those of the default
            set, of a run without the slow ones, and without those that would take long on so many codes or factors.
        settings: metric name -> its settings.
        common: the settings are those of several subjects: those of metrics that are not computed of this one are left
            aside, and a metric that they do not suit has no value.
        seed: each metric's own is derived from it and the metric's name, so that adding one shifts no other's numbers.
        bootstrap: resamples of the rows for the interval of each resamplable metric that has none of its own; 0 for
            no intervals; by default 100, and none for slow metrics, beyond 200,000 rows, and beyond 20,000 where
            something is fitted.
        levels: simulate the chance and the ceiling of resamplable metrics that have none of their own.
        store: where scores are kept.
        again: compute metrics whose scores are kept, too.
        on_progress: called with each event of the evaluation.

    Returns:
        The scores of these metrics, and of all others that are in the store.

    Raises:
        UnknownNameError: there is no such metric or setting. SettingError: a value that a setting cannot have.
        MetricError: a named metric needs a part that the subject lacks.
        EvaluationInterrupted: Ctrl-C. UnkeptScoresError: scores could not be written.
    """
    options = {"seed": seed, "bootstrap": bootstrap, "levels": levels}
    steps = plan(subject, metrics, settings or {}, options, common=common)
    store = MemoryStore() if store is None else store
    context = Context(bootstrap, levels, seed)
    if metrics is None and (long := too_wide(steps, subject, context)):
        said = ", ".join(f"{name} ({in_words(seconds)})" for name, seconds in long.items())
        asked = f"--metrics {','.join(long)} computes them"
        asked += ", sooner with --bootstrap 0 --no-levels" if bootstrap != 0 or levels else ""
        on_progress(Noted(f"Left out, since so many codes, factors or classes would take long: {said}. {asked}."))
        steps = [step for step in steps if step.name not in long]
    scorer = _Scorer(subject, seed, context, store, again, on_progress)
    try:
        scorer.score(steps)
    except KeyboardInterrupt:
        raise EvaluationInterrupted(scorer.interruption(len(steps)), scorer.results()) from None
    if scorer.unkept is not None:
        raise UnkeptScoresError.of(scorer.unkept, scorer.results())
    return scorer.results()


@dataclass
class _Scorer:
    """An evaluation that is under way.

    Attributes:
        failed: the metrics without a value whose failure is to be reported as one.
        named: the metrics that were asked for by name.
        unkept: why the latest scores could not be written, if so.
        done: how many metrics need no more work.
    """

    subject: Subject
    seed: int
    context: Context
    store: Store
    again: bool
    on_progress: OnProgress
    failed: list[str] = field(default_factory=list)
    named: tuple[str, ...] = ()
    unkept: DbenchError | None = None
    done: int = 0
    _advanced: float = 0.0

    def score(self, steps: Sequence[Step]) -> None:
        """Compute what is missing, metric by metric."""
        self.named = tuple(step.name for step in steps if step.named)
        before = self.kept()
        missing = [step for step in steps if not step.gave(before.get(step.name, {}).values())]
        forecast = Forecast(predicted_seconds(missing, self.subject, self.context))
        names = tuple(step.name for step in missing)
        kept = tuple(step.name for step in steps if step not in missing)
        about = {"name": self.subject.name, **self.subject.info}
        self.on_progress(Planned(about, names, kept, forecast.remaining(), self.named))
        for step in steps:
            begun = time.perf_counter()
            scores = self.kept().get(step.name, {})  # another process may have computed it by now
            if step.gave(scores.values()):
                scored = Scored(step.name, scores, kept=True)
                if step.named and any(entry.error for entry in scores.values()):
                    self.failed.append(step.name)
            else:
                self.on_progress(Started(step.name, step.info.slow))
                scored = self.computed(step)
            forecast.finish(step.name, time.perf_counter() - begun)
            self.on_progress(replace(scored, remaining=forecast.remaining()))
            self.done += 1

    def interruption(self, metrics: int) -> str:
        """Say how many of the metrics are done, and where they are kept."""
        if not self.done:
            return f"Interrupted before any of {metrics} metrics was done. The same command begins again."
        done = f"Interrupted; {self.done} of {metrics} metrics are done"
        if not self.store.place:
            return f"{done}; none is kept without --out FILE."
        return f"{done} and kept in {self.store.place}. The same command computes the rest."

    def kept(self) -> dict[str, dict[str, ScoreEntry]]:
        """The scores that are kept by now, by metric; none if all are to be computed again."""
        results = None if self.again else self.store.read()
        return {} if results is None else results.by_metric()

    def computed(self, step: Step) -> Scored:
        """Compute a metric and keep its scores."""
        results, error = blank_results(self.subject, self.seed), None
        try:
            context = replace(self.context, on_progress=partial(self.advance, step.name))
            compute(step, self.subject, context, results)
        except Exception as exception:
            if step.given and isinstance(exception, DbenchError):
                raise
            error = exception
            results.scores = {step.name: failed_entry(step, exception)}
            if step.named or not isinstance(exception, DbenchError) or isinstance(exception, FaultyMetricError):
                self.failed.append(step.name)
        try:
            self.store.add(results)
            self.unkept = None
        except (StorageError, RunError) as fault:  # what could not be written is tried again with the next metric
            if self.unkept is None:
                self.on_progress(Noted(f"{step.name} is not kept yet. {fault.problem}"))
            self.unkept = fault
        return Scored(step.name, results.scores, error=error)

    def advance(self, metric: str, done: int, total: int) -> None:
        """Report how far a metric is, not more often than a person can read."""
        if time.monotonic() > self._advanced + ADVANCES:
            self._advanced = time.monotonic()
            self.on_progress(Advanced(metric, done, total))

    def results(self) -> Results:
        """All scores that are kept, and those that could not be written."""
        results = self.store.read() or blank_results(self.subject, self.seed)
        results.failed, results.named = tuple(self.failed), self.named
        return results


def compute(step: Step, subject: Subject, context: Context, results: Results) -> None:
    """Compute the scores of one metric, with intervals, chance and ceiling.

    Args:
        step: the metric.
        subject: what is evaluated.
        context: what is to stand beside the scores.
        results: where the scores are put, the headline first, and the samples and resamples of those that have some.

    Raises:
        FaultyMetricError: the metric gave no scores, values outside their bounds, or samples that are not theirs.
        Whatever the metric raises.
    """
    info = step.info
    # Parts are made by whichever metric needs them first; the time for that does not count as the metric's.
    parts = step.parts_of(subject)
    begun = time.perf_counter()
    scores = step.scores_of(parts)
    seconds = time.perf_counter() - begun
    for part, score in scores.items():
        if outside := outside_bounds(score, info):
            raise FaultyMetricError(
                f"The metric {step.name!r} returned {outside}{f' for {part!r}' if part else ''}.",
                "Correct the value, or the bounds: those of a component that has others are given with its `Score`.",
            )
    if info.resamplable:
        scores = add_context(step.call_on(subject), scores, context, seconds)
    for part, score in scores.items():
        name = f"{step.name}.{part}" if part else step.name
        entry = entry_from_score(part, score, info, step.settings, round(seconds, 3))
        results.scores[name] = entry.model_copy(update={"options": dict(step.options)})
        if score.samples is not None and score.value is not None:
            results.samples[name] = _samples(name, score, subject)
        if score.replicates is not None and subject.samples:
            what = str(score.details["interval"]["resampled"])
            drawn = f"{len(score.replicates)} resamples of {what} by seed {context.seed}: {subject.samples}"
            results.replicates[name] = Replicates(score.replicates, drawn, what)


def _samples(name: str, score: Score, subject: Subject) -> Samples:
    pairing = f"{subject.samples} {score.pairing}".strip() if score.pairing else ""
    samples = Samples(np.asarray(score.samples, dtype=np.float64), pairing)
    if not samples.have_the_mean(score.value):
        raise FaultyMetricError(f"The samples of {name} do not have the mean {score.value}.", "Correct the metric.")
    return samples


def failed_entry(step: Step, error: Exception) -> ScoreEntry:
    """Make the entry of a metric that raised an exception.

    The reason is the message of a `DbenchError`; of any other exception its type, its message, and where it was raised.
    """
    reason = str(error)
    if not isinstance(error, DbenchError):
        reason = with_place(error)
    score = Score.undefined(reason.encode(errors="replace").decode())
    entry = entry_from_score("", score, step.info, step.settings)
    return entry.model_copy(update={"options": dict(step.options), "error": type(error).__name__})
