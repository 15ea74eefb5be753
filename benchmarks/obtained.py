"""What was obtained with each recipe, from `benchmarks/results`, for `dbench show RECIPE` and the site."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from disentangle_bench.evaluation.results import Results
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.models.recipes.halves import shipped
from disentangle_bench.models.recipes.obtained import FILE
from disentangle_bench.run import Run
from disentangle_bench.storage import write_text
from disentangle_bench.suites.folder import SuiteFolder

RESULTS = Path(__file__).parent / "results"
ALWAYS = (
    "c1-accuracy.accuracy",
    "mutual-information.c1",
    "mutual-information/fresh.c1",
    "traversal-consistency.overall",
    "mig",
    "dci.disentanglement",
    "factor-vae-score",
)
"""Scores that are listed where they were computed, besides those that the recipe's source reports."""


def obtained() -> str:
    """The content of the package's file."""
    found: dict[str, list[dict[str, Any]]] = {}
    for (suite, entry, name), runs in groupby(runs_of_recipes(), key=lambda run: (*place_of(run), run.recipe.name)):
        found.setdefault(name, []).append(described(suite, entry, list(runs)))
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def runs_of_recipes() -> list[Run]:
    """Every published run of a recipe of the package, as it is or with some settings changed, by suite and entry.

    A run that several suites share is listed with the one of the fewest entries.
    """
    runs = [Run(path.parent) for path in RESULTS.glob("*/cells/*/*/run/recipe.toml")]
    runs = sorted((run for run in runs if run.recipe.name in shipped()), key=lambda run: (*place_of(run), run.seed))
    by_model = {model_of(run): run for run in sorted(runs, key=entries_beside, reverse=True)}
    return [run for run in runs if by_model[model_of(run)] is run]


def model_of(run: Run) -> tuple[str, str]:
    """What two published runs have in common if they are one: recipe, and the hash of the model."""
    return run.recipe.name, str(run.provenance().get("model_sha256", run.path))


def entries_beside(run: Run) -> int:
    """How many entries the suite has in whose folder of results a run lies."""
    return len(SuiteFolder(RESULTS / place_of(run)[0]).suite().entries)


def place_of(run: Run) -> tuple[str, str]:
    """The suite in whose folder of results a run lies, and its entry there."""
    suite, _, entry, *_ = run.path.relative_to(RESULTS).parts
    return suite, entry


def changed(run: Run) -> dict[str, Any]:
    """The settings that differ from those of the recipe of the package, by their dotted keys."""
    as_it_is, own = find_recipe(run.recipe.name), run.recipe
    if own.training_values() == as_it_is.training_values():
        return {}
    before, now = as_it_is.dotted_values(), own.dotted_values()
    return {key: now.get(key) for key in {**before, **now} if before.get(key) != now.get(key) and key != "steps"}


def described(suite: str, entry: str, runs: Sequence[Run]) -> dict[str, Any]:
    """What is said of the runs of one entry of a suite."""
    of = [run.provenance() for run in runs]
    return {
        "suite": suite,
        "entry": entry,
        "changed": changed(runs[0]),
        "steps": runs[0].recipe.steps,
        "seeds": [run.seed for run in runs],
        "device": sorted({each["device"] for each in of}),
        "processor": sorted({each["processor"] for each in of if "processor" in each}),
        "precision": sorted({each["precision"] for each in of}),
        "date": sorted({each["time"][:10] for each in of}),
        "scores": scores_of(runs),
    }


def scores_of(runs: Sequence[Run]) -> dict[str, Any]:
    """Score -> the value at each seed, null where there is none, and how many are as good as the published one.

    Runs with other settings than the source's are not held to its numbers.
    """
    as_it_is = runs[0].recipe.training_values() == find_recipe(runs[0].recipe.name).training_values()
    published = runs[0].recipe.published if as_it_is else {}
    results = [Results.load(run.results_file).scores for run in runs]
    found: dict[str, Any] = {}
    for score in dict.fromkeys((*published, *ALWAYS)):
        entries = [of.get(score) for of in results]
        if any(entry is not None for entry in entries):
            values = [None if entry is None or entry.value is None else round(entry.value, 5) for entry in entries]
            sign = -1 if any(entry is not None and entry.better == "lower" for entry in entries) else 1
            found[score] = {"values": values}
            if score in published:
                as_good = (value is not None and sign * value >= sign * published[score] for value in values)
                found[score]["reached"] = sum(as_good)
    return found


def write() -> None:
    """Write the package's file anew."""
    write_text(FILE, obtained())
