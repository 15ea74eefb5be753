"""What is published of a recipe: every seed that was trained, sound or collapsed, and what they come to together."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from disentangle_bench.errors import RunError
from disentangle_bench.evaluation.results import Better, Results, ScoreEntry
from disentangle_bench.evaluation.upgrade import upgraded_scores
from disentangle_bench.recipe import CategoricalCode, Recipe
from disentangle_bench.run import Run
from disentangle_bench.storage import storage_errors, write_json

SCHEMA_VERSION = 2
LOG_DIGITS = 5
MACHINE = ("device", "python", "processors", "threads", "packages")
"""What is published of a run's provenance."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, extra="forbid")


class Code(_Model):
    """A code's kind, its categories if it has any, and its entropy in nats; a differential one is not a ceiling."""

    kind: str
    categories: int | None = None
    entropy: float


class Information(_Model):
    """`L_I` of a code over training, in nats: at each logged step, at the last, and the best with its step."""

    values: list[float]
    final: float
    best: float
    best_step: int

    @classmethod
    def of(cls, steps: Sequence[int], values: Sequence[float]) -> Self:
        best = max(range(len(values)), key=values.__getitem__)
        rounded = [round(value, LOG_DIGITS) for value in values]
        return cls(values=rounded, final=rounded[-1], best=rounded[best], best_step=steps[best])


class PublishedRun(_Model):
    """One seed: how it was trained, how training went, and every score, without the details of `results.json`."""

    seed: int
    status: str
    steps: int
    precision: str
    seconds: float
    logged_steps: list[int]
    L_I: dict[str, Information]
    scores: dict[str, ScoreEntry]
    provenance: dict[str, Any]

    @classmethod
    def of(cls, run: Run) -> Self:
        """What is published of an evaluated run.

        Raises:
            RunError: it has not been evaluated, or its log or results are damaged.
        """
        results, log, info = Results.load(run.results_file), run.log(), run.provenance()
        if not log:
            raise RunError(f"{run.log_file} holds no entries.", "Train the run again.")
        steps = [entry["step"] for entry in log]
        return cls(
            seed=run.seed,
            status=run.status,
            steps=int(info.get("steps", steps[-1])),
            precision=_precision(info),
            seconds=log[-1]["seconds"],
            logged_steps=steps,
            L_I={code: Information.of(steps, [entry["L_I"][code] for entry in log]) for code in log[-1]["L_I"]},
            scores={name: entry.model_copy(update={"details": {}}) for name, entry in results.scores.items()},
            provenance={key: info[key] for key in MACHINE if key in info},
        )


def _precision(info: dict[str, Any]) -> str:
    options = [str(option) for option in info.get("options", ())]
    given = options[options.index("--precision") + 1] if "--precision" in options else "auto"
    return str(info.get("precision", given))


class Summary(_Model):
    """A score over all seeds; of absolute values where signs are arbitrary, and none where the code itself is.

    Attributes:
        values: how many seeds have a value; those that lack one are not replaced.
        sd: the standard deviation over seeds, of two or more.
        worst: the worst value, where one direction is better.
        published, reached: the paper's number, and the share of all seeds, those without a value too, that are at
            least as good.
    """

    values: int
    median: float | None = None
    mean: float | None = None
    sd: float | None = None
    worst: float | None = None
    published: float | None = None
    reached: float | None = None

    @classmethod
    def of(cls, entries: Sequence[ScoreEntry | None], published: float | None = None) -> Self:
        """The summary of a score's entries, one per seed, None where a seed lacks it."""
        known = [entry for entry in entries if entry is not None and entry.value is not None]
        values = [abs(entry.value or 0.0) if "sign" in entry.arbitrary else entry.value or 0.0 for entry in known]
        if any("code" in entry.arbitrary for entry in known):
            return cls(values=len(values))
        [better] = {entry.better for entry in entries if entry is not None}
        sign = {"higher": 1, "lower": -1, "neither": 0}[better]
        info: dict[str, Any] = {"values": len(values), "published": published}
        if values:
            info |= {"median": statistics.median(values), "mean": statistics.fmean(values)}
            info["worst"] = min(values, key=lambda value: sign * value) if sign else None
        if len(values) > 1:
            info["sd"] = statistics.stdev(values)
        if published is not None and sign:
            info["reached"] = sum(sign * value >= sign * published for value in values) / len(entries)
        return cls(**info)


class Published(_Model):
    """A recipe with all its runs; written to `benchmarks/results/RECIPE.json`."""

    schema_version: int = SCHEMA_VERSION
    recipe: Recipe
    codes: dict[str, Code]
    runs: list[PublishedRun]
    summary: dict[str, Summary]

    @property
    def name(self) -> str:
        return self.recipe.name

    @classmethod
    def of(cls, runs: Sequence[Run]) -> Self:
        """What is published of the runs of one recipe.

        Raises:
            RunError: two runs have one seed, or a run was trained with other settings or has not been evaluated.
        """
        recipe, seeds = runs[0].recipe, [run.seed for run in runs]
        if len(set(seeds)) < len(seeds):
            raise RunError(f"Two runs of {recipe.name} have one seed: {_listed(seeds)}.", "Publish each seed once.")
        for run in runs:
            if run.recipe.training_values() != recipe.training_values():
                raise RunError(
                    f"{run.path} was trained with other settings than {runs[0].path}.",
                    "Publish runs of one recipe under one name; give the changed recipe a name of its own.",
                )
        published = sorted(map(PublishedRun.of, runs), key=lambda run: run.seed)
        names = dict.fromkeys(name for run in published for name in run.scores)
        for name in names:
            _require_one_protocol(name, published)
        return cls(recipe=recipe, codes=_codes(recipe), runs=published, summary=_summaries(published, recipe))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a published file.

        Raises:
            RunError: it is damaged or of a newer schema.
        """
        with storage_errors(path, "read"):
            text = path.read_text(encoding="utf-8")
        try:
            values = json.loads(text)
            schema = values.get("schema_version", 0)
            if schema > SCHEMA_VERSION:
                raise RunError(
                    f"{path} was written with schema {schema}, not {SCHEMA_VERSION}.", "Update the checkout."
                )
            values["schema_version"] = SCHEMA_VERSION
            for run in values["runs"]:
                run["scores"] = _without_meaningless_shares(upgraded_scores(run["scores"]), values["codes"])
            published = cls.model_validate(values)
            return published.model_copy(update={"summary": _summaries(published.runs, published.recipe)})
        except (ValueError, AttributeError, KeyError, TypeError, ValidationError) as error:
            raise RunError(f"{path} is damaged: {error}", "Publish the runs again.") from error

    def save(self, folder: Path, *, replace: bool = False) -> Path:
        """Write `RECIPE.json`.

        Raises:
            RunError: the file that is there has seeds that these runs lack, and it is not to be replaced.
        """
        path = folder / f"{self.name}.json"
        before = {run.seed for run in Published.load(path).runs} if path.is_file() and not replace else set()
        lost = sorted(before - {run.seed for run in self.runs})
        if lost:
            raise RunError(
                f"{path} has seed {_listed(lost)}, which these runs lack: no seed is to be left out.",
                "Give those runs too, or --replace if all were trained anew.",
            )
        details = {"runs": {"__all__": {"scores": {"__all__": {"details"}}}}}
        write_json(path, self.model_dump(mode="json", exclude=details))
        return path

    def results(self) -> list[Results]:
        """Each run's results, for comparisons over seeds."""
        return [
            Results(
                subject={"name": f"{self.name} seed {run.seed}", "seed": run.seed, "status": run.status},
                scores=run.scores,
            )
            for run in self.runs
        ]

    def better(self, score: str) -> Better:
        """Which direction of a score is better."""
        return next(run.scores[score].better for run in self.runs if score in run.scores)


def _summaries(runs: Sequence[PublishedRun], recipe: Recipe) -> dict[str, Summary]:
    names = dict.fromkeys(name for run in runs for name in run.scores)
    return {name: Summary.of([run.scores.get(name) for run in runs], recipe.published.get(name)) for name in names}


def _without_meaningless_shares(scores: dict[str, Any], codes: dict[str, Any]) -> dict[str, Any]:
    """Leave out the shares of continuous codes that older versions gave: a differential entropy bounds nothing."""
    meaningless = tuple(f".{name}.share" for name, code in codes.items() if code["categories"] is None)
    return {name: entry for name, entry in scores.items() if not name.endswith(meaningless)}


def _codes(recipe: Recipe) -> dict[str, Code]:
    codes = {}
    for settings, code in zip(recipe.latents.codes, recipe.latent_spec().codes, strict=True):
        categories = settings.k if isinstance(settings, CategoricalCode) else None
        codes[code.name] = Code(kind=settings.kind, categories=categories, entropy=code.entropy)
    return codes


def _require_one_protocol(name: str, runs: Sequence[PublishedRun]) -> None:
    """Scores of two versions or settings of a metric do not belong in one median."""
    protocols = [(run.scores[name].version, run.scores[name].settings) for run in runs if name in run.scores]
    if any(protocol != protocols[0] for protocol in protocols):
        raise RunError(
            f"Seeds {_listed([run.seed for run in runs])}: {name} was computed in different ways: {protocols}.",
            "Evaluate all runs again with `dbench eval`.",
        )


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
