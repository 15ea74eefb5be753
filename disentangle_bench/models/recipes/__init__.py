"""The recipes that come with the package, and how a name finds one."""

from __future__ import annotations

from pathlib import Path

from disentangle_bench.errors import SettingError, UnknownNameError
from disentangle_bench.models import MODELS
from disentangle_bench.models.recipes.halves import merge, parts_of, shipped
from disentangle_bench.recipe import Recipe

DEFAULT_DATASET = "mnist"


def recipe_names(model: str | None = None) -> list[str]:
    """The names of the recipes that come with the package, or of those for one model."""
    return [name for name, parts in shipped().items() if model in (None, parts.model)]


def recipe_files(name: str) -> list[str]:
    """The files that a recipe of the package is merged from, the last of which counts most."""
    return shipped()[name].files()


def find_recipe(name: str, dataset: str | None = None) -> Recipe:
    """The recipe of a name, for a model's name (on `dataset`, by default MNIST), or in a TOML file.

    A dataset that has no half of a recipe of its own, such as a plug-in's, is trained on like the images of an array
    file: the codes of MNIST, and the networks for images of the dataset's shape.

    Raises:
        UnknownNameError: there is none. SettingError: the file is not a recipe, or the recipe is for another dataset.
    """
    if name in MODELS:
        parts = parts_of(name, dataset or DEFAULT_DATASET)
        return Recipe.parse(merge(f"{parts.model}-{parts.dataset}", parts))
    if name.endswith(".toml"):
        recipe = Recipe.read(Path(name))
    elif name in shipped():
        recipe = Recipe.parse(merge(name, shipped()[name]))
    else:
        raise UnknownNameError("recipe", name, {*shipped(), *MODELS}, "`dbench list recipes` shows them.")
    if dataset is not None and recipe.dataset.name != dataset:
        raise SettingError(
            f"The recipe {name} is for the dataset {recipe.dataset.name!r}, not {dataset!r}.",
            f"Leave the dataset out, or name the model: `dbench train {recipe.model.name} --dataset {dataset}`.",
        )
    return recipe
