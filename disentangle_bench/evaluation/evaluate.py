"""MakeCall metrics of a subject, and keep what they say."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from disentangle_bench.errors import (
    DbenchError,
    MetricError,
    NewerSchemaError,
    RunError,
)
from disentangle_bench.evaluation.bootstrap import check_resamples
from disentangle_bench.evaluation.context import Context, add_context
from disentangle_bench.evaluation.metric_call import MetricCall
from disentangle_bench.evaluation.results import Results, entry_from_score
from disentangle_bench.evaluation.samples import Samples, save_samples
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.metrics import METRICS, MetricInfo, Score, Scores, info_of
from disentangle_bench.representation import Representation
from disentangle_bench.representation.variables import Variables
from disentangle_bench.run import Run
from disentangle_bench.seeds import derive_seed
from disentangle_bench.settings import check_settings
from disentangle_bench.storage import provenance

Settings = Mapping[str, Mapping[str, Any]]
Metric = Callable[..., Scores]
_log = logging.getLogger(__name__)
ALL = "all"
"""In place of a metric's name: every metric that the subject can answer."""


def score_subject(
    subject: Subject,
    metrics: Sequence[str] | str | None = None,
    *,
    settings: Settings | None = None,
    seed: int = 0,
    bootstrap: int | None = None,
    levels: bool = True,
    on_progress: Callable[[str], None] | None = None,
) -> Results:
    """Every score of some metrics, or of those that can be asked of the subject.

    Args:
        subject: what is evaluated.
        metrics: their names or one name, or `all` that can be asked; by default the default set, of a run without the
            slow ones.
        settings: metric name -> its settings.
        seed: each metric's own is derived from it and the metric's name, so that adding one shifts no other's numbers.
        bootstrap: resamples of the rows for the interval of each observational metric that has none of its own; 0 for
            no intervals; by default 100, and none for slow metrics, beyond 200,000 rows, and beyond 20,000 where
            something is fitted.
        levels: simulate the chance and the ceiling of observational metrics that have none of their own.
        on_progress: called with one line as each metric's turn comes.

    Raises:
        UnknownNameError: a metric or a setting that there is not. SettingError: a value that a setting cannot have.
        MetricError: a named metric needs a part that the subject lacks.
    """
    if bootstrap:
        check_resamples(bootstrap)
    context = Context(bootstrap, levels, seed)
    chosen = _chosen(subject, metrics)
    given = _checked(settings or {}, chosen)
    results = Results(subject={"name": subject.name, **subject.info}, scores={}, provenance=provenance(), samples={})
    results.provenance["seed"] = seed
    for name in chosen:
        if on_progress is not None:
            on_progress(f"Scoring {name}{', which is slow' if info_of(METRICS.get(name)).slow else ''}")
        _add(results, subject, name, given.get(name, {}), context)
    return results


def _chosen(subject: Subject, metrics: Sequence[str] | str | None) -> list[str]:
    metrics = [metrics] if isinstance(metrics, str) else metrics
    if metrics is None or ALL in metrics:
        usable = {name: info_of(function) for name, function in METRICS.usable().items()}
        able = [name for name, info in usable.items() if not _lacking(subject, info)]
        if metrics is None:
            of_run = subject.info.get("kind") == "run"
            able = [name for name in able if usable[name].default and not (of_run and usable[name].slow)]
        if not able:
            raise MetricError(
                f"No metric can be asked of {subject.name}: it offers only {', '.join(subject.parts)}.",
                "Add 'factors' to the file.",
            )
        return able
    for name in metrics:
        lacking = _lacking(subject, info_of(METRICS.get(name)))
        if lacking:
            raise MetricError(
                f"The metric {name!r} needs {', '.join(lacking)}, which {subject.name} does not offer.",
                "Add it to the file, or leave the metric out.",
            )
    return list(dict.fromkeys(metrics))


def _lacking(subject: Subject, info: MetricInfo) -> list[str]:
    return [part for part in info.needs if part not in subject.parts]


def _checked(settings: Settings, chosen: Sequence[str]) -> Settings:
    checked = {
        name: check_settings(METRICS.get(name), values, kind="metric", name=name) for name, values in settings.items()
    }
    for name in settings:
        if name not in chosen:
            raise MetricError(f"Settings were given for {name!r}, which is not evaluated.", "Add it to --metrics.")
    return checked


def _with_seed(name: str, given: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The metric's settings in full, with a seed of its own unless one is given."""
    settings = {**info_of(METRICS.get(name)).settings, **given}
    if "seed" in settings and "seed" not in given:
        settings["seed"] = derive_seed(seed, name) % 2**32
    return settings


def _add(results: Results, subject: Subject, name: str, given: Mapping[str, Any], context: Context) -> None:
    function = METRICS.get(name)
    info, settings = info_of(function), _with_seed(name, given, context.seed)
    seconds = 0.0
    try:
        parts = _parts(info, subject)  # made by whoever asks first; no metric's seconds are theirs
        begun = time.perf_counter()
        answer = function(**parts, **settings)
        seconds = time.perf_counter() - begun
        scores = answer if isinstance(answer, dict) else {"": answer}
    except DbenchError as error:
        if given:  # the usual settings might have had an answer
            raise
        scores = {"": Score.undefined(str(error))}
    if info.resamplable:
        scores = add_context(_call(function, subject, settings), scores, context, seconds)
    for part, score in scores.items():
        full = f"{name}.{part}" if part else name
        results.scores[full] = entry_from_score(part, score, info, settings, round(seconds, 3))
        if score.samples is not None and score.value is not None:
            pairing = f"{subject.samples} {score.pairing}".strip() if score.pairing else ""
            results.samples[full] = Samples(score.samples, pairing)


def _parts(info: MetricInfo, subject: Subject) -> dict[str, Any]:
    """What a metric takes of a subject."""
    return {part: subject.parts[part] for part in (*info.needs, *info.uses) if part in subject.parts}


def _call(function: Metric, subject: Subject, settings: Mapping[str, Any]) -> MetricCall:
    codes, factors = Variables.wrap(subject.parts["codes"]), Variables.wrap(subject.parts["factors"], prefix="f")
    return MetricCall(function, codes, factors, subject.parts.get("train"), settings)


def keep_results(run: Run, subject: Subject, results: Results) -> Results:
    """Write a run's representation and results, beside earlier scores of the same model that were not asked again.

    Raises:
        RunError: another process is writing to the run. StorageError: no space, no permission.
        NewerSchemaError: the earlier scores are of a newer schema.
    """
    with run.held():
        merged = _merged(run, results)
        _representation(subject).save(run.representation_file)
        save_samples(run.samples_file, merged.samples)
        merged.save(run.results_file)
    return merged


def earlier_results(run: Run) -> Results | None:
    """The scores that a run has; None if there are none, or if, as is then said, they are damaged.

    Raises:
        NewerSchemaError: they are of a newer schema.
    """
    if not run.results_file.is_file():
        return None
    try:
        return Results.of_run(run)
    except NewerSchemaError:
        raise
    except RunError as error:
        _log.warning("The earlier scores of this run could not be read and are replaced. %s", error.problem)
        return None


def _merged(run: Run, results: Results) -> Results:
    before = earlier_results(run)
    if before is None or before.subject.get("model_sha256") != results.subject.get("model_sha256"):
        return results
    scores = {**before.scores, **results.scores}
    order = {name: index for index, name in enumerate(METRICS)}
    ranked = sorted(scores, key=lambda name: order.get(scores[name].metric, len(order)))
    samples = {name: value for name, value in before.samples.items() if name not in results.scores}
    merged = results.model_copy(update={"scores": {name: scores[name] for name in ranked}})
    merged.samples = samples | results.samples
    return merged


def _representation(subject: Subject) -> Representation:
    parts = subject.parts
    posterior = parts.get("posterior_parameters", {})
    return Representation(parts["codes"], parts.get("factors"), parts.get("train"), posterior)
