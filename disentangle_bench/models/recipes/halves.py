"""Recipes merged from two halves, how a model is trained and what suits a dataset, and an experiment of a paper.

`models/NAME.toml` has the tables `[model]` and `[optimizer.NAME]`; `datasets/NAME.toml` has the others: networks,
codes, steps. The model's half overrides the dataset's, and `experiments/NAME.toml` overrides both, for the models and
datasets that it lists. In addition to the keys of a recipe, the files may have

- `title` and `setup`, and `tuned_for` of an experiment, which make up the title, as in "InfoGAN on faces, the paper's
  networks, tuned for elevation";
- `source`: the experiment's replaces the dataset's, and `{source}` in the model's stands for that;
- `[weights]`: kind of code -> lambda of the codes of that kind that have no weight of their own;
- `family` in a model's half: `families/NAME.toml`, which several models have in common; the model's half overrides it;
- `[[on]]` in a model's half or family: what differs on the `datasets` that it lists, in the form of a recipe;
- `[published.DATASET]` in a model's half: the values that the model's source reports for the dataset;
- `datasets` in a model's half: those that it has recipes for, if not all;
- `experiment` in a dataset's half: the experiment of the recipe whose name has none;
- `models` and `datasets` of an experiment: those that it applies to.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from disentangle_bench.models import MODELS

FOLDER = Path(__file__).parent
GENERAL_DATASET = "arrays"
"""Its half is also used for datasets without one, such as a plug-in's: its networks are chosen by the images' size."""

_NOT_OF_A_RECIPE = ("setup", "tuned_for", "weights", "experiment", "models", "datasets", "family", "on")


class Parts(NamedTuple):
    """The names of the files that make up a recipe."""

    model: str
    dataset: str
    experiment: str | None = None

    def files(self) -> list[str]:
        """List the files that are merged; a later one overrides those before it."""
        family = _read("models", self.model).get("family")
        return [
            f"datasets/{self.dataset}.toml",
            *([] if family is None else [f"families/{family}.toml"]),
            f"models/{self.model}.toml",
            *([] if self.experiment is None else [f"experiments/{self.experiment}.toml"]),
        ]


@cache
def shipped() -> dict[str, Parts]:
    """List the recipes of the package: name -> parts, sorted by name."""
    recipes = {}
    for model in _names("models"):
        for dataset in _read("models", model).get("datasets", _names("datasets")):
            recipes[f"{model}-{dataset}"] = parts_of(model, dataset)
        for experiment in _names("experiments"):
            covers = _read("experiments", experiment)
            for dataset in covers["datasets"] if model in covers["models"] else ():
                if experiment != _read("datasets", dataset).get("experiment"):
                    recipes[f"{model}-{dataset}-{experiment}"] = Parts(model, dataset, experiment)
    return dict(sorted(recipes.items()))


def variants(model: str | None = None) -> list[str]:
    """List the names that stand for a model, or for this one, with other settings, such as `infogan-modified`."""
    named = [name for name in _names("models") if name not in MODELS]
    return [name for name in named if model in (None, _read("models", name)["model"]["name"])]


def parts_of(model: str, dataset: str) -> Parts:
    """Find the parts of a model's recipe for a dataset, with the dataset's experiment if it applies to the model."""
    experiment = _dataset_half(dataset).get("experiment")
    if experiment is None or model not in _read("experiments", experiment)["models"]:
        return Parts(model, dataset)
    return Parts(model, dataset, experiment)


def merge(name: str, parts: Parts) -> dict[str, Any]:
    """Merge parts into the values of one recipe."""
    dataset, model = _dataset_half(parts.dataset), _model_half(parts.model, parts.dataset)
    experiment = {} if parts.experiment is None else _read("experiments", parts.experiment)
    values = _overlay(_overlay(dataset, model), experiment)
    tuned = f"tuned for {experiment['tuned_for']}" if "tuned_for" in experiment else ""
    title = ", ".join(filter(None, (f"{model['title']} on {dataset['title']}", values.get("setup"), tuned)))
    source = model.get("source", "{source}").replace("{source}", experiment.get("source", dataset["source"]))
    published = {**model.get("published", {}).get(parts.dataset, {}), **experiment.get("published", {})}
    weights = values.get("weights", {})
    codes = [
        {"weight": weights[code["kind"]], **code} if code["kind"] in weights else code
        for code in values["latents"]["codes"]
    ]
    values |= {"name": name, "title": title, "source": source, "published": published}
    values["latents"] = {**values["latents"], "codes": codes}
    return {key: value for key, value in values.items() if key not in _NOT_OF_A_RECIPE}


@cache
def _names(kind: str) -> list[str]:
    return sorted(path.stem for path in (FOLDER / kind).glob("*.toml"))


@cache
def _read(kind: str, name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / kind / f"{name}.toml").read_text(encoding="utf-8"))


def _dataset_half(name: str) -> dict[str, Any]:
    if name in _names("datasets"):
        return _read("datasets", name)
    return {**_read("datasets", GENERAL_DATASET), "title": name, "dataset": {"name": name}}


def _model_half(name: str, dataset: str) -> dict[str, Any]:
    """Read a model's file for a dataset, or what the class of a plug-in declares as `recipe_defaults` in that form."""
    if name not in _names("models"):
        model = MODELS.get(name)
        described = {"title": name, "setup": "", "source": model.source, "model": {"name": name}}
        return _overlay(described, model.recipe_defaults)
    own = _read("models", name)
    family = [_read("families", own["family"])] if "family" in own else []
    half: dict[str, Any] = {}
    for part in (*family, own):
        for layer in (part, *(special for special in part.get("on", ()) if dataset in special["datasets"])):
            half = _overlay(half, layer)
    return half


def _overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two trees of tables; where both have a value, take the one above."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _overlay(merged[key], value) if both else value
    return merged
