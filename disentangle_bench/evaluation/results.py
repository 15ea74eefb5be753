"""The scores of one subject, as `results.json` holds them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, SkipValidation, ValidationError, model_validator

from disentangle_bench.errors import NewerSchemaError, RunError
from disentangle_bench.evaluation.packed import (
    packed_replicates,
    packed_samples,
    unpacked_replicates,
    unpacked_samples,
)
from disentangle_bench.evaluation.samples import Replicates, Samples, samples_of_run
from disentangle_bench.evaluation.upgrade import upgraded
from disentangle_bench.storage import parse_json, write_json

if TYPE_CHECKING:  # torch takes seconds to import; printing a table of results must not
    from disentangle_bench.metrics.metric import MetricInfo, Score
    from disentangle_bench.run import Run

SCHEMA_VERSION = 2
ALL = "all"
"""In place of a metric's name: every metric for which the subject has the parts."""
SHOWN = 4
"""How many scores `print(results)` shows."""
_log = logging.getLogger(__name__)
Better = Literal["higher", "lower", "neither"]
Arbitrary = Literal["sign", "code"]


QUESTIONS = ("c1-accuracy", "mutual-information", "traversal-consistency")
"""What is read first of a run: do categories match classes, do images hold the codes, do images follow the codes?"""

MODEL = "model"
OF_IMAGES = ("run", MODEL)
"""Kinds of subjects that images and networks belong to, in place of codes alone; see `Results.kind`."""


class Scored(BaseModel):
    """What a score is of.

    Attributes:
        metric: its name.
        component: which of the metric's scores this is; empty where it gives one score, or one for each code.
        code: the code that is scored, where the metric scores codes one by one.
    """

    metric: str
    component: str = ""
    code: str | None = None

    @property
    def part(self) -> str:
        """Code and component, such as `c1.share`: what stands behind the metric in the score's name."""
        return ".".join(filter(None, (self.code, self.component)))


class ScoreEntry(Scored):
    """One score with all that is needed to read it; `value` is None where it cannot be computed, for `reason`.

    `options` are what it depends on besides its settings: seed, resamples and levels of the evaluation, for metrics
    that leave interval, chance and ceiling to it. `error` is the type of the exception that the metric raised, if so.
    The next evaluation computes such a score again, unless the reason lies in codes, factors or settings.
    `sampled` says whether its per-sample contributions are kept beside the results.
    `arbitrary` says what of it training leaves to chance: the `sign`, or which of several like codes it is of (`code`).
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    value: float | None
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    ceiling: float | None = None
    version: int = 1
    settings: dict[str, Any] = Field(default_factory=dict)
    seconds: float | None = None
    reason: str = ""
    unit: str = ""
    better: Better = "higher"
    bounds: tuple[float | None, float | None] = (None, None)
    details: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)
    error: str = ""
    arbitrary: tuple[Arbitrary, ...] = ()
    sampled: bool = False

    @model_validator(mode="after")
    def _null_has_a_reason(self) -> Self:
        if self.value is None and not self.reason:
            raise ValueError("a score without a value needs a reason")
        return self


LASTING = ("", "MetricError", "RepresentationError")
"""What a metric may have raised so that it would again: these depend on codes, factors and settings alone."""


class Results(BaseModel):
    """What an evaluation gave.

    Attributes:
        subject: what was evaluated: its `name`, and where known its recipe, seed and status.
        scores: by name, the headline first.
        provenance: what made these numbers.
        samples: per-sample contributions of the scores that have them; not part of `to_values`.
        replicates: values on the resamples of the scores that have them; not part of `to_values`.
        failed: the metrics that raised an exception in this evaluation, without those that were not asked for by name
            and do not apply to the subject; not part of the JSON.
        named: the metrics that were asked for by name; not part of the JSON.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    schema_version: int = SCHEMA_VERSION
    subject: dict[str, Any]
    scores: dict[str, ScoreEntry]
    provenance: dict[str, Any] = Field(default_factory=dict)
    samples: Annotated[dict[str, Samples], SkipValidation] = Field(default_factory=dict, exclude=True, repr=False)
    replicates: Annotated[dict[str, Replicates], SkipValidation] = Field(default_factory=dict, exclude=True, repr=False)
    failed: tuple[str, ...] = Field(default=(), exclude=True, repr=False)
    named: tuple[str, ...] = Field(default=(), exclude=True, repr=False)

    @property
    def name(self) -> str:
        """The subject's name."""
        return str(self.subject.get("name", "subject"))

    def __repr__(self) -> str:
        """The name, how many scores there are, and the headlines of the first metrics."""
        headlines = [
            f"{name} undefined" if entry.value is None else f"{name} {entry.value:.3g} {entry.unit}".rstrip()
            for name, entry in self.headlines().items()
        ]
        shown = [*headlines[:SHOWN], *(["..."] if len(self.scores) > SHOWN else [])]
        return f"<Results of {self.name}, {len(self.scores)} in all: {', '.join(shown)}>"

    __str__ = __repr__

    def warn_of_lost_samples(self, place: Path, remedy: str) -> None:
        """Say in the log which scores have lost their samples, and are compared in another way than before."""
        lost = [name for name, entry in self.scores.items() if entry.sampled and name not in self.samples]
        if lost:
            said = "%s has no samples of %s, which are compared by their intervals instead; %s."
            _log.warning(said, place, ", ".join(lost), remedy)

    def inapplicable(self, metric: str) -> bool:
        """Whether the headline of a metric has no value for a run, and not by accident.

        What was asked for by name, and the questions about every run, get an answer in any case.
        """
        headline = next(entry for entry in self.scores.values() if entry.metric == metric)
        silent = headline.value is None and headline.error in LASTING
        return silent and self.kind in OF_IMAGES and metric not in (*self.named, *QUESTIONS)

    @property
    def kind(self) -> str:
        """`run`, `model` or `representation`; empty in results of an older version."""
        return str(self.subject.get("kind", ""))

    def by_metric(self) -> dict[str, dict[str, ScoreEntry]]:
        """Metric -> its scores by name, the headline first."""
        metrics: dict[str, dict[str, ScoreEntry]] = {}
        for name, entry in self.scores.items():
            metrics.setdefault(entry.metric, {})[name] = entry
        return metrics

    def headlines(self) -> dict[str, ScoreEntry]:
        """The first score of each metric, by name."""
        return dict(next(iter(scores.items())) for scores in self.by_metric().values())

    def to_values(self) -> dict[str, Any]:
        """Plain values, as in `results.json`."""
        return self.model_dump(mode="json")

    def save(self, path: Path | str, *, samples: bool = True) -> None:
        """Write the scores as JSON, atomically, with what comparisons need of them: one file holds all or nothing.

        Args:
            path: of the file.
            samples: keep the per-sample contributions in it; those of a run are in a file of their own, see
                `save_samples`.

        Raises:
            StorageError: no space, no permission.
        """
        values = self.to_values()
        if samples and self.samples:
            values["samples"] = packed_samples(self.samples)
        if self.replicates:
            values["replicates"] = packed_replicates(self.replicates)
        write_json(Path(path), values)

    @classmethod
    def load(cls, path: Path | str) -> Results:
        """Read a `results.json` of this or any older schema.

        Raises:
            RunError: there is none, or it is damaged. NewerSchemaError: it is of a newer schema.
        """
        path = Path(path)
        if not path.is_file():
            what = str(path.parent) if path.name == "results.json" else f"SUBJECT --out {path}"
            raise RunError(f"There are no results in {path}.", f"`dbench eval {what}` makes them.")
        try:
            values = parse_json(path.read_text(encoding="utf-8"))
            _refuse_newer(path, values)
            values = upgraded(values)
            kept = values if isinstance(values, dict) else {}
            beside = {
                "samples": unpacked_samples(kept.pop("samples", {})),
                "replicates": unpacked_replicates(kept.pop("replicates", {})),
            }
            results = cls.model_validate(values).model_copy(update=beside)
            for name, of in results.samples.items():
                if not of.have_the_mean(results.scores[name].value):
                    raise ValueError(f"the samples of {name} do not have its value for their mean")
            return results
        except (ValueError, TypeError, LookupError, AttributeError) as error:  # pydantic raises a ValueError
            raise RunError(
                f"{path} is damaged: {_first_line(error)}.", f"`dbench eval {path.parent}` writes it again."
            ) from error

    @classmethod
    def of_run(cls, run: Run) -> Results:
        """Read the results of a run, with the per-sample contributions of its scores.

        Raises:
            RunError: the run has not been evaluated, or its files are damaged or do not belong together.
        """
        results = cls.load(run.results_file)
        for name, samples in samples_of_run(run).items():
            if name not in results.scores:
                continue
            value = results.scores[name].value
            if not samples.have_the_mean(value):
                raise RunError(
                    f"In {run.path}, results.json says {name} = {value}, but its samples do not have that mean: they "
                    "come from two evaluations.",
                    f"`dbench eval {run.path}` computes it again.",
                )
            results.samples[name] = samples
        results.warn_of_lost_samples(run.samples_file, f"`dbench eval {run.path} --again` computes them again")
        results.subject.setdefault("seed", run.seed)
        return results


def reading_order(metrics: Iterable[str], kind: str) -> list[str]:
    """Sort metrics into the order in which they are read: of a run or a model the three questions first, then others.

    Args:
        metrics: their names.
        kind: of the subject.
    """
    names = list(metrics)
    first = [name for name in QUESTIONS if name in names] if kind in OF_IMAGES else []
    return [*first, *(name for name in names if name not in first)]


def refuse_newer_results(path: Path) -> None:
    """Refuse to replace a `results.json` of a newer schema; one that is damaged or not there is let pass.

    Raises:
        NewerSchemaError: it is of a newer schema.
    """
    with suppress(OSError, ValueError):
        _refuse_newer(path, parse_json(path.read_text(encoding="utf-8")))


def _refuse_newer(path: Path, values: Any) -> None:
    schema = values.get("schema_version", 0) if isinstance(values, dict) else 0
    if isinstance(schema, int) and schema > SCHEMA_VERSION:
        raise NewerSchemaError(
            f"{path} was written with schema {schema}; this version reads up to {SCHEMA_VERSION}.",
            "Upgrade with `pip install --upgrade disentangle-bench`.",
        )


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        fault = error.errors()[0]
        return f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}"
    return str(error).partition("\n")[0]


def entry_from_score(
    part: str, score: Score, info: MetricInfo, settings: Mapping[str, Any], seconds: float | None = None
) -> ScoreEntry:
    """What `results.json` says of a metric's score, which the metric returned under the name `part`.

    A value that is NaN or infinite becomes a null with a reason; an interval end, chance or ceiling that is becomes
    null. Direction and bounds are the metric's unless the score has its own.
    """
    value = _finite(score.value)
    reason = score.reason
    if value is None and not reason:
        reason = f"the metric {info.name} gave {score.value}"
    return ScoreEntry(
        metric=info.name,
        component=part if score.code is None else score.component,
        code=score.code,
        value=value,
        low=_finite(score.low),
        high=_finite(score.high),
        chance=_finite(score.chance),
        ceiling=_finite(score.ceiling),
        version=info.version,
        settings=plain(settings),
        seconds=seconds,
        reason=reason,
        unit=score.unit or ("" if value is not None else info.unit),
        better=score.better or info.better,
        bounds=info.bounds if score.bounds is None else score.bounds,
        details=plain(score.details),
        arbitrary=score.arbitrary,
    )


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def plain(value: Any) -> Any:
    """The same as JSON has it: arrays become lists, NaN and infinity null, keys and unknown objects strings."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, float):
        return _finite(value)
    return value if value is None or isinstance(value, bool | int | str) else str(value)
