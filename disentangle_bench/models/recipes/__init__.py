"""The recipes that come with the package, one TOML file each, and how a name finds one."""

from __future__ import annotations

from pathlib import Path

from disentangle_bench.errors import SettingError, UnknownNameError
from disentangle_bench.models import MODELS
from disentangle_bench.recipe import Recipe

_FOLDER = Path(__file__).parent
DEFAULT_DATASET = "mnist"
GENERAL_DATASET = "arrays"
INFOGAN, BASELINE = "infogan", "gan-with-q"


def recipe_names() -> list[str]:
    """The names of the recipes that come with the package."""
    files = [path.stem for path in _FOLDER.glob("*.toml")]
    return sorted([*files, *(_of_model(name, BASELINE) for name in files)])


def find_recipe(name: str, dataset: str | None = None) -> Recipe:
    """The recipe for a recipe's name, for a model's name (on `dataset`, by default MNIST), or in a TOML file.

    For a dataset that has no recipe of its own, such as a plug-in's, it is that for anybody's arrays of images: the
    settings of MNIST's, and the networks for images of the dataset's shape.

    Raises:
        UnknownNameError: there is none. SettingError: the file is not a recipe, or the recipe is for another dataset.
    """
    if name in MODELS:
        model, name = name, f"{name}-{dataset or DEFAULT_DATASET}"
        if dataset is not None and name not in recipe_names():
            return _general(model, dataset)
    if not name.endswith(".toml") and name not in recipe_names():
        raise UnknownNameError("recipe", name, {*recipe_names(), *MODELS}, "`dbench list recipes` shows them.")
    recipe = Recipe.read(Path(name)) if name.endswith(".toml") else _shipped(name)
    if dataset is not None and recipe.dataset.name != dataset:
        raise SettingError(
            f"The recipe {name} is for the dataset {recipe.dataset.name!r}, not {dataset!r}.",
            f"Leave the dataset out, or name the model: `dbench train {recipe.model.name} --dataset {dataset}`.",
        )
    return recipe


def _general(model: str, dataset: str) -> Recipe:
    """A recipe for a dataset that has none of its own."""
    recipe = _shipped(f"{model}-{GENERAL_DATASET}")
    title = recipe.title.replace("images in an array file", dataset)
    return Recipe.parse(
        {**recipe.to_values(), "name": f"{model}-{dataset}", "title": title, "dataset": {"name": dataset}}
    )


def _shipped(name: str) -> Recipe:
    """A recipe that comes with the package; the baseline's is InfoGAN's in all but the model."""
    path = _FOLDER / f"{name}.toml"
    if path.is_file():
        return Recipe.read(path)
    recipe = _shipped(_of_model(name, INFOGAN))
    title = recipe.title.replace("InfoGAN", "Plain GAN with an auxiliary Q")
    source = f"{recipe.source}; the baseline of section 7.1 and Figure 1"
    model = {**recipe.model.settings, "name": BASELINE}
    described = {"name": name, "title": title, "model": model, "source": source, "published": {}}
    return Recipe.parse({**recipe.to_values(), **described})


def _of_model(name: str, model: str) -> str:
    """The name of a recipe with another model on the same dataset."""
    return f"{model}{name.removeprefix(INFOGAN).removeprefix(BASELINE)}"
