"""Which metrics are to be computed of a subject, and with which settings."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from disentangle_bench.errors import MetricError
from disentangle_bench.evaluation.bootstrap import check_resamples
from disentangle_bench.evaluation.known_rows import drawn_splits, is_partly_known, scores_on_known_rows
from disentangle_bench.evaluation.metric_call import MetricCall
from disentangle_bench.evaluation.results import ALL, LASTING, OF_IMAGES, ScoreEntry, plain, reading_order
from disentangle_bench.evaluation.subject import Subject
from disentangle_bench.metrics import METRICS, MetricInfo, Score, Scores, info_of
from disentangle_bench.metrics.metric import called
from disentangle_bench.representation.variables import Variables
from disentangle_bench.seeds import derive_seed
from disentangle_bench.settings import check_settings

Settings = Mapping[str, Mapping[str, Any]]
Metric = Callable[..., Scores]


@dataclass(frozen=True)
class Step:
    """One metric of an evaluation.

    Attributes:
        name: under which the metric is registered.
        function: the metric.
        settings: in full, its seed included.
        options: what else its scores depend on: seed, resamples and levels, where they are not its own.
        named: whether the metric was asked for by its name: then it counts as a failure if it does not apply.
        given: whether some of the settings were given: then it is an error if it does not take them.
    """

    name: str
    function: Metric
    settings: Mapping[str, Any]
    options: Mapping[str, Any]
    named: bool
    given: bool

    def parts_of(self, subject: Subject) -> dict[str, Any]:
        """Make the parts that the metric takes; `train` as of `drawn_splits` if factors are partly known."""
        parts = {part: subject.parts[part] for part in (*self.info.needs, *self.info.uses) if part in subject.parts}
        factors = parts.get("factors")
        if factors is not None and "train" in parts and subject.split_seed is not None and is_partly_known(factors):
            parts["train"] = drawn_splits(factors, subject.split_seed)
        return parts

    def call_on(self, subject: Subject) -> MetricCall:
        """Name the rows on which a metric of codes and factors is computed."""
        parts = {"train": subject.parts.get("train"), **self.parts_of(subject)}
        codes, factors = Variables.wrap(parts["codes"]), Variables.wrap(parts["factors"], prefix="f")
        call = MetricCall(self.function, codes, factors, parts["train"], self.settings)
        return call.of_complete_rows() if is_partly_known(factors) and not self.info.factorwise else call

    def scores_of(self, parts: Mapping[str, Any]) -> dict[str, Score]:
        """Compute the metric, where factors are partly known on their known rows."""
        factors = parts.get("factors")
        if (widths := getattr(parts.get("codes"), "widths", ())) and not self.info.groups:
            merged = [name for name, width in zip(parts["codes"].names, widths, strict=True) if width > 1]
            raise MetricError(f"it is not defined for codes of several columns: {', '.join(merged)}", "")
        if "codes" in parts and isinstance(factors, Variables) and is_partly_known(factors):
            return scores_on_known_rows(self.function, parts, self.settings)
        return called(self.function, parts, self.settings)

    @property
    def info(self) -> MetricInfo:
        """What the metric declares, under the name by which it is registered."""
        return replace(info_of(self.function), name=self.name)

    def gave(self, entries: Iterable[ScoreEntry]) -> bool:
        """Whether these scores are what this step would give: same version, settings and options, and no accident."""
        expected = (self.info.version, plain(self.settings), dict(self.options))
        found = [(entry.version, entry.settings, entry.options) for entry in entries if entry.error in LASTING]
        return bool(found) and all(each == expected for each in found)


def plan(
    subject: Subject,
    metrics: Sequence[str] | str | None,
    settings: Settings,
    options: Mapping[str, Any],
    *,
    common: bool = False,
) -> list[Step]:
    """List the metrics to compute of a subject; those whose settings are given first, so that wrong ones show early.

    Args:
        subject: what is evaluated.
        metrics: their names or one name; see `score_subject`.
        settings: metric name -> its settings.
        options: `seed`, `bootstrap` and `levels` of the evaluation.
        common: the settings are those of several subjects, so that metrics may be among them that this one lacks.

    Raises:
        UnknownNameError: there is no such metric or setting. SettingError: a value of the wrong type, or too many
            resamples.
        MetricError: a named metric needs a part that the subject lacks, or no metric can be computed.
    """
    if options["bootstrap"]:
        check_resamples(options["bootstrap"])
    names = [metrics] if isinstance(metrics, str) else metrics
    named = [] if names is None or ALL in names else list(dict.fromkeys(names))
    functions = {name: METRICS.get(name) for name in named} or _applicable(subject, every=names is not None)
    for name, function in functions.items():
        if lacking := _lacking(subject, info_of(function)):
            raise MetricError(
                f"The metric {name!r} needs {', '.join(lacking)}, which {subject.name} does not offer.",
                "Add it to the file, or leave the metric out.",
            )
    given = checked_settings(settings, settings if common else functions)
    steps = []
    for name in reading_order(functions, subject.info.get("kind", "")):
        function = functions[name]
        info, mine = info_of(function), given.get(name, {})
        full = {**info.settings, **mine}
        if "seed" in full and "seed" not in mine:
            full["seed"] = derive_seed(options["seed"], name) % 2**32
        steps.append(
            Step(name, function, full, options if info.resamplable else {}, name in named, bool(mine) and not common)
        )
    return sorted(steps, key=lambda step: not step.given)


def checked_settings(settings: Settings, evaluated: Container[str]) -> dict[str, dict[str, Any]]:
    """Check the settings of metrics that are evaluated.

    Args:
        settings: metric name -> its settings.
        evaluated: names of metrics.

    Raises:
        UnknownNameError: there is no such metric or setting. SettingError: a value of the wrong type.
        MetricError: the metric is not evaluated.
    """
    given = {name: check_settings(METRICS.get(name), of, kind="metric", name=name) for name, of in settings.items()}
    for name in given:
        if name not in evaluated:
            raise MetricError(f"Settings were given for {name!r}, which is not evaluated.", "Add it to --metrics.")
    return given


def _applicable(subject: Subject, *, every: bool) -> dict[str, Metric]:
    """The metrics for which the subject has the parts: all, or the default set, of a run without the slow ones."""
    able = {name: of for name, of in METRICS.usable().items() if not _lacking(subject, info_of(of))}
    if not every:
        of_images = subject.info.get("kind") in OF_IMAGES
        kinds = {None, *(code["kind"] for code in subject.info.get("codes", ()))}
        infos = {name: info_of(of) for name, of in able.items()}
        able = {
            name: able[name]
            for name, info in infos.items()
            if info.default and info.code_kind in kinds and not (of_images and info.slow)
        }
    if not able:
        raise MetricError(
            f"No metric can be computed of {subject.name}: it offers only {', '.join(subject.parts)}.",
            "Add 'factors' to the file.",
        )
    return able


def _lacking(subject: Subject, info: MetricInfo) -> list[str]:
    return [part for part in info.needs if part not in subject.parts]
