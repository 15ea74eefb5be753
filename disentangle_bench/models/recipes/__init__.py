"""The recipes that come with the package, and how a name finds one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from disentangle_bench.errors import SettingError, UnknownNameError
from disentangle_bench.models import MODELS
from disentangle_bench.models.recipes.halves import merge, parts_of, shipped, variants
from disentangle_bench.recipe import Recipe
from disentangle_bench.recipe.keys import flatten

DEFAULT_DATASET = "mnist"


def recipe_names(model: str | None = None) -> list[str]:
    """List the recipes that come with the package, or those of one model or variant, such as `infogan-modified`."""
    return [name for name, parts in shipped().items() if model in (None, parts.model)]


def recipe_files(name: str) -> list[str]:
    """List the files that a recipe of the package is merged from; a later one overrides those before it."""
    return shipped()[name].files()


def full_length(recipe: Recipe) -> int:
    """How many steps a recipe is meant to have: those of the package's recipe of its name, or else its own."""
    return find_recipe(recipe.name).steps if recipe.name in shipped() else recipe.steps


def find_recipe(name: str, dataset: str | None = None) -> Recipe:
    """Find a recipe.

    A dataset without a half of a recipe, such as a plug-in's, is treated like the images of an array file: with the
    codes of MNIST and the networks for images of the dataset's shape.

    Args:
        name: of a recipe or of a model, or the path of a TOML file.
        dataset: with the name of a model, what to train it on; by default MNIST.

    Raises:
        UnknownNameError: neither a recipe nor a model has that name.
        SettingError: the file is not a recipe, or the recipe is for another dataset.
    """
    if name in MODELS or name in variants():
        parts = parts_of(name, dataset or DEFAULT_DATASET)
        return Recipe.parse(merge(f"{parts.model}-{parts.dataset}", parts))
    if name.endswith(".toml"):
        recipe = Recipe.read(Path(name))
    elif name in shipped():
        recipe = Recipe.parse(merge(name, shipped()[name]))
    else:
        raise UnknownNameError("recipe", name, {*shipped(), *MODELS, *variants()}, "`dbench list recipes` shows them.")
    if dataset is not None and recipe.dataset.name != dataset:
        raise SettingError(
            f"The recipe {name} is for the dataset {recipe.dataset.name!r}, not {dataset!r}.",
            f"Leave the dataset out, or name the model: `dbench train {recipe.model.name} --dataset {dataset}`.",
        )
    return recipe


def with_settings(recipe: Recipe, settings: Mapping[str, Any]) -> Recipe:
    """Copy a recipe with some values changed, as `Recipe.with_settings`; a game brings what its source sets.

    Where `model.game` changes, what the game's source says of optimizers and of D's norm changes with it, unless it is
    given as well.

    Raises:
        SettingError: an unknown key or an invalid value.
    """
    game = flatten(dict(settings)).get("model.game")
    if game is None or game == recipe.model.settings.get("game"):
        return recipe.with_settings(settings)
    from disentangle_bench.models.games import GAMES  # imports torch

    brought = GAMES[game].brings if game in GAMES else {}  # the model refuses games that do not exist
    present = {key: brought[key] for key in brought.keys() - {"optimizer"}}
    present |= {
        f"optimizer.{name}": brought["optimizer"][name]
        for name in brought.get("optimizer", {}).keys() & recipe.optimizer.keys()
    }
    return recipe.with_settings(present).with_settings(settings)
