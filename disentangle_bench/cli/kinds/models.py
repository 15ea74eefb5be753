"""Models and recipes, as `dbench list` and `dbench show` print them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

from rich.columns import Columns
from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from disentangle_bench.cli.kinds.kind import Kind, Sheet, first_paragraph

if TYPE_CHECKING:
    from rich.console import RenderableType


class Models(Kind):
    """The models."""

    headings: ClassVar[Sequence[str]] = ("Model", "What it is", "Source")
    brief = 2

    def names(self) -> Iterable[str]:
        from disentangle_bench.models import MODELS

        return MODELS

    def row(self, name: str) -> tuple[Any, ...]:
        from disentangle_bench.models import MODELS

        model = MODELS.get(name)
        return name, model.summary, model.source

    def sheet(self, name: str) -> Sheet:
        from disentangle_bench.models import MODELS
        from disentangle_bench.models.recipes import recipe_names
        from disentangle_bench.models.recipes.halves import variants
        from disentangle_bench.settings import defaults_of

        model = MODELS.get(name)
        recipes = ", ".join(recipe_names(name)) or f"dbench train {name} --dataset NAME"
        info = {"source": model.source, "recipes": recipes}
        info |= {f"recipes of {variant}": ", ".join(recipe_names(variant)) for variant in variants(name)}
        info["code"] = f"{model.__module__}.{model.__qualname__}"
        settings = {f"model.{setting}": default for setting, default in defaults_of(model).items()}
        return Sheet(first_paragraph(model), info, settings=settings)


class Recipes(Kind):
    """The recipes."""

    headings: ClassVar[Sequence[str]] = ("Recipe", "Model", "Dataset", "Steps", "What it is", "Source")
    brief = 5

    def names(self) -> Iterable[str]:
        from disentangle_bench.models.recipes import recipe_names
        from disentangle_bench.models.recipes.halves import shipped

        return sorted(recipe_names(), key=lambda name: (shipped()[name].model, name))

    def row(self, name: str) -> tuple[Any, ...]:
        from disentangle_bench.models.recipes import find_recipe

        recipe = find_recipe(name)
        return name, recipe.model.name, recipe.dataset.name, recipe.steps, recipe.title, recipe.source

    def layout(self, entries: Sequence[Mapping[str, Any]]) -> RenderableType:
        """List what the names of each model's recipes end with below the model's name, or the variant's."""
        from disentangle_bench.models.recipes.halves import shipped

        parts: list[RenderableType] = []
        for model, members in groupby(entries, key=lambda entry: shipped()[str(entry["Recipe"])].model):
            ends = [Text(str(entry["Recipe"]).removeprefix(f"{model}-"), "cyan") for entry in members]
            parts += [Text(f"{model}-", "bold"), Padding(Columns(ends, padding=(0, 2)), (0, 0, 1, 2))]
        return Group(*parts, Text("For example `dbench show infogan-mnist`, `dbench train infogan-heads3d-elevation`."))

    def sheet(self, name: str) -> Sheet:
        from disentangle_bench.models.recipes import find_recipe, recipe_files

        recipe = find_recipe(name)
        info = {"model": recipe.model.name, "dataset": recipe.dataset.name, "source": recipe.source}
        info["merged from"] = ", ".join(recipe_files(name))
        nothing = {"nothing": "its source reports no number under the name of a score"}
        published = dict[str, Any](recipe.published) or nothing
        return Sheet(
            recipe.title, info, settings=recipe_settings(recipe), published=published, obtained=obtained_of(name)
        )


def obtained_of(name: str) -> dict[str, str]:
    """What a recipe of the package gave here: the conditions in each suite, and its scores."""
    from disentangle_bench.models.recipes.obtained import NOTHING, obtained

    said: dict[str, str] = {}
    for each in (found := obtained(name)):
        place = f"{each.suite}, {each.entry}"
        said[place] = each.conditions
        said |= {f"{place}: {score}" if len(found) > 1 else score: each.say(score) for score in each.scores}
    return said or {"nothing": NOTHING}


def recipe_settings(recipe: Any) -> dict[str, Any]:
    """A recipe's settings under the dotted keys that `--set` takes."""
    named = ("name", "model.name", "dataset.name")
    return {key: value for key, value in recipe.dotted_values().items() if key not in named}
