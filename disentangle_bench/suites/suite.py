"""A suite: recipes x seeds x metrics with gates, in one versioned file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator

from disentangle_bench.errors import SettingError, close_names
from disentangle_bench.recipe.tables import Integer, Number, Setting, Table
from disentangle_bench.suites.synthetic import Synthetic

if TYPE_CHECKING:
    from disentangle_bench.metrics import MetricInfo  # which imports torch

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Seed = Annotated[Integer, Field(ge=0)]
DEFAULT, ALL = "default", "all"
"""In place of a list of metrics: what `dbench eval` computes by default, or every metric."""


class Entry(Table):
    """A row of the table: a recipe, codes that others made, or codes that are drawn on the spot.

    Attributes:
        recipe: a recipe's or a model's name, or a TOML file, relative to the suite's.
        dataset: with a model's name, what it is trained on.
        settings: changes to the recipe by dotted keys, as with `dbench train --set`.
        representations: patterns of `.npz` or `.h5` files, relative to the suite's, for a suite of the package to the
            working folder; each file is scored as a seed.
        synthetic: codes that are drawn at each seed; see `Synthetic`.
        baseline: the entry that this one is compared with, in place of the suite's.
    """

    recipe: str | None = None
    dataset: str | None = None
    settings: Mapping[str, Any] = Field(default_factory=dict)
    representations: tuple[str, ...] = ()
    synthetic: Synthetic | None = None
    baseline: Name | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if [self.recipe is None, not self.representations, self.synthetic is None].count(False) != 1:
            raise ValueError("an entry has either a recipe or representations or synthetic codes")
        if self.recipe is None and (self.settings or self.dataset):
            raise ValueError("settings and dataset belong to a recipe; codes have none")
        return self


class Gate(Table):
    """A condition on a score that the suite must meet; several in one gate must all hold.

    Attributes:
        score: its name, such as `mutual-information.c1`; a metric's name alone stands for its headline.
        entry: whose score.
        at_least, at_most: a floor and a ceiling of the mean over seeds.
        above_baseline: by how much the mean must exceed the baseline entry's, in the direction that is better.
        may_fall_by: by how much the mean may be worse than in the accepted results; a larger fall counts only if it is
            significant over seeds.
    """

    score: str
    entry: Name
    at_least: Number | None = None
    at_most: Number | None = None
    above_baseline: Number | None = None
    may_fall_by: Annotated[Number, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _has_a_condition(self) -> Self:
        if all(getattr(self, name) is None for name in CONDITIONS):
            raise ValueError(f"a gate needs one of {', '.join(CONDITIONS)}")
        return self


TRAINING = "training."
"""What a suite's settings of `Training` begin with, as in `--set training.precision=32`."""
CONDITIONS = ("at_least", "at_most", "above_baseline", "may_fall_by")


class Training(Table):
    """How every recipe of a suite is trained; what `dbench train` takes as options.

    Attributes:
        threads: of each cell on a CPU. The bits of a result may depend on it, therefore it is a property of the suite
            and not of the machine: a cell gives the same numbers however many are trained at a time.
        minutes: after which a cell is timed out.
    """

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    precision: Literal["auto", "32", "bf16-mixed", "16-mixed"] = "auto"
    compile: bool = False
    threads: Integer = Field(1, ge=1, le=512)
    minutes: Annotated[Number, Field(gt=0)] | None = None

    @field_validator("precision", mode="before")
    @classmethod
    def _in_bits(cls, precision: object) -> object:
        """Take 32 as it is written in a file, or after `--set`, without quotes."""
        return str(precision) if type(precision) is int else precision

    def with_settings(self, settings: Mapping[str, Any]) -> Training:
        """Change some values.

        Raises:
            SettingError: an unknown key or an invalid value.
        """
        known = type(self).model_fields
        for key in settings.keys() - known.keys():
            close = " or ".join(f"training.{name}" for name in close_names(key, known))
            remedy = f"Did you mean {close}?" if close else f"The table [training] has {', '.join(known)}."
            raise SettingError(f"There is no setting 'training.{key}' of a suite.", remedy)
        try:
            return type(self).model_validate({**self.model_dump(), **settings})
        except ValidationError as error:
            fault = error.errors()[0]
            said = fault["msg"]
            raise SettingError(
                f"training.{fault['loc'][0]}: {said[:1].lower()}{said[1:]} (given: {fault['input']!r:.80}).",
                "docs/suites.md describes the table [training].",
            ) from None


class Evaluation(Table):
    """How every cell is scored; what `dbench eval` takes as options. Seed and rows are the same for all models."""

    seed: Seed = 0
    rows: Integer | None = Field(None, ge=4)
    bootstrap: Integer | None = Field(None, ge=0)
    levels: bool = True

    @field_validator("bootstrap")
    @classmethod
    def _enough(cls, resamples: int | None) -> int | None:
        """Refuse now what would be refused once a model has been trained."""
        if resamples:
            from disentangle_bench.evaluation.bootstrap import check_resamples  # imports scipy

            try:
                check_resamples(resamples)
            except SettingError as error:
                raise ValueError(f"{error.problem.rstrip('.')}; {error.remedy[:1].lower()}{error.remedy[1:]}") from None
        return resamples


class Suite(Table):
    """A suite file.

    Attributes:
        name: also names the folder of its results.
        version: raised when results from before and after a change to the file should not be compared.
        title: one line for listings.
        seeds: every recipe is trained at each of them; files of codes have seeds of their own.
        metrics: their names, `default` or `all`.
        metric_settings: metric -> its settings, as with `dbench eval --set`.
        baseline: the entry that others are compared with.
        slurm: parameters of submitit for `--engine slurm`, such as `slurm_partition`.
        entries: the rows of the table, in order.
        gates: conditions that turn a build red unless they hold.
    """

    name: Name
    version: Integer = Field(ge=1)
    title: str = ""
    seeds: tuple[Seed, ...] = Field((0, 1, 2), min_length=1)
    metrics: tuple[str, ...] | Literal["default", "all"] = "default"
    metric_settings: Mapping[str, Mapping[str, Setting]] = Field(default_factory=dict)
    baseline: Name | None = None
    training: Training = Training()
    evaluation: Evaluation = Evaluation()
    slurm: Mapping[str, Setting] = Field(default_factory=dict)
    entries: Mapping[Name, Entry] = Field(min_length=1)
    gates: tuple[Gate, ...] = ()

    _file: Path | None = PrivateAttr(None)
    _variant: dict[str, Any] = PrivateAttr(default_factory=dict)
    _selects: bool = PrivateAttr(False)

    @field_validator("seeds")
    @classmethod
    def _once_each(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed is listed more than once; the same seed gives the same run")
        return seeds

    @field_validator("metrics")
    @classmethod
    def _some(cls, metrics: tuple[str, ...] | str) -> tuple[str, ...] | str:
        if not metrics:
            raise ValueError("no metric is named; leave the key out for the default set")
        if not isinstance(metrics, str) and len(set(metrics)) < len(metrics):
            raise ValueError("a metric is listed more than once")
        return metrics

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for baseline in (self.baseline, *(entry.baseline for entry in self.entries.values())):
            if baseline is not None and baseline not in self.entries:
                raise ValueError(f"baseline: there is no entry named {baseline!r}")
        for gate in self.gates:
            if gate.entry not in self.entries:
                raise ValueError(f"gates: there is no entry named {gate.entry!r}")
            if gate.above_baseline is not None and self.baseline_of(gate.entry) is None:
                raise ValueError(f"gates: above_baseline of {gate.entry!r} needs another entry as baseline")
        return self

    def baseline_of(self, name: str) -> str | None:
        """The entry that an entry is compared with; None for the baseline itself."""
        baseline = self.entries[name].baseline or self.baseline
        return None if baseline == name else baseline

    @property
    def variant(self) -> Mapping[str, Any]:
        """Settings that were given for all recipes and for training; empty for the suite as it is in the file."""
        return self._variant

    @property
    def recipe_settings(self) -> dict[str, Any]:
        """Those of the variant that are for all recipes."""
        return {key: value for key, value in self._variant.items() if not key.startswith(TRAINING)}

    @property
    def file_seeds(self) -> tuple[int, ...] | None:
        """The seeds of the files of codes that count; None for all files."""
        return self.seeds if self._selects else None

    @property
    def label(self) -> str:
        """The name, with a suffix if it is a variant; also names the folder of its results."""
        return f"{self.name}-variant-{short_hash(self._variant)}" if self._variant else self.name

    @property
    def file(self) -> Path | None:
        """The user's file that the suite was read from; None for a suite of the package."""
        return self._file

    @property
    def argument(self) -> str:
        """What the suite is called on the command line: its name, or the name of its file."""
        return self.name if self._file is None else self._file.name

    @property
    def folder(self) -> Path:
        """The folder that paths in the suite are relative to."""
        return Path() if self._file is None else self._file.parent

    def described(self) -> dict[str, Any]:
        """Plain values from which the suite can be rebuilt, as its folder of results keeps them."""
        return {
            "name": self.name,
            "version": self.version,
            "variant": dict(self.variant),
            "file_seeds": self.file_seeds,
            "suite": self.model_dump(mode="json", exclude_defaults=True),
            "file": None if self._file is None else str(self._file),
        }

    def placed(self, file: Path | None) -> Suite:
        """Remember which of the user's files the suite was read from."""
        self._file = file
        return self

    def with_settings(self, settings: Mapping[str, Any]) -> Suite:
        """Make a variant, in which every recipe has these settings, too; `training.KEY` changes how all are trained.

        Raises:
            SettingError: an unknown or invalid setting of training; recipes check their own.
        """
        for key in settings.keys() & Training.model_fields.keys():
            raise SettingError(
                f"{key!r} is not a setting of recipes: it says how the whole suite is trained.",
                f"Use --set {TRAINING}{key}={settings[key]}.",
            )
        given = {key.removeprefix(TRAINING): value for key, value in settings.items() if key.startswith(TRAINING)}
        training = self.training.with_settings(given)
        variant = self.model_copy(update={"training": training})
        read = {f"{TRAINING}{key}": getattr(training, key) for key in given}
        variant._variant = {**self._variant, **settings, **read}
        return variant

    def with_seeds(self, seeds: tuple[int, ...]) -> Suite:
        """Choose other seeds, of files of codes too; results at the suite's own seeds stay where they are."""
        chosen = self.model_copy(update={"seeds": seeds})
        chosen._selects = True
        return chosen

    def with_metrics(self, metrics: tuple[str, ...]) -> Suite:
        """Choose other metrics; scores by the suite's own metrics stay where they are.

        Args:
            metrics: their names; `all`, or `default` alone, stands for what it does in a file.
        """
        chosen = ALL if ALL in metrics else DEFAULT if metrics == (DEFAULT,) else metrics
        return self.model_copy(update={"metrics": chosen})

    def asks_for(self, metric: str, info: MetricInfo) -> bool:
        """Whether the suite evaluates a metric where it applies."""
        if isinstance(self.metrics, str):
            return self.metrics == ALL or info.default
        return metric in self.metrics

    def metrics_to_ask(self) -> tuple[str, ...] | None:
        """The metrics as `evaluate` takes them: names, or None for the default set."""
        if isinstance(self.metrics, str):
            return None if self.metrics == DEFAULT else (ALL,)
        return self.metrics


def short_hash(values: Any) -> str:
    """Hash plain values into eight hexadecimal digits."""
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]
