"""Give runs that are in no suite the names and seeds of cells."""

from __future__ import annotations

from collections.abc import Sequence

from disentangle_bench.recipe import Recipe
from disentangle_bench.run import Run
from disentangle_bench.suites.cell import Cell
from disentangle_bench.suites.suite import short_hash


def named_runs(runs: Sequence[Run]) -> dict[Cell, Run]:
    """Make a cell of each run: those of one recipe are one entry, which bears the recipe's name.

    Where recipes of one name differ, the settings that differ stand behind it. A second run of one recipe at one seed
    is an entry of its own, which bears the name of the run's folder, too.

    Raises:
        DbenchError: a recipe cannot be read.
    """
    recipes = {run.path: run.recipe for run in runs}
    names = _names(list(recipes.values()))
    cells: dict[Cell, Run] = {}
    taken: set[tuple[str, int]] = set()
    for run in runs:
        recipe = recipes[run.path]
        digest = short_hash(recipe.training_values())
        name = names[digest]
        if (name, run.seed) in taken:
            name = f"{name} ({run.path.parent.name}/{run.path.name})"
        taken.add((name, run.seed))
        cells[Cell(name, run.seed, digest, recipe=recipe)] = run
    return cells


def _names(recipes: Sequence[Recipe]) -> dict[str, str]:
    """Hash of a recipe's training values -> a name that no other recipe has."""
    by_name: dict[str, dict[str, Recipe]] = {}
    for recipe in recipes:
        by_name.setdefault(recipe.name, {})[short_hash(recipe.training_values())] = recipe
    names = {}
    for name, same in by_name.items():
        values = {digest: recipe.dotted_values() for digest, recipe in same.items()}
        keys = dict.fromkeys(key for of in values.values() for key in of)
        differing = [key for key in keys if len({repr(of.get(key)) for of in values.values()}) > 1]
        for digest, of in values.items():
            names[digest] = ", ".join([name, *(f"{key} = {of[key]}" for key in differing if key in of)])
    return names
