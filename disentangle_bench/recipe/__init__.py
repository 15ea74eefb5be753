"""Recipes: a model, a dataset and every hyper-parameter in one TOML file."""

from disentangle_bench.recipe.recipe import Recipe
from disentangle_bench.recipe.tables import (
    AdamSettings,
    AdamWSettings,
    CategoricalCode,
    ContinuousCode,
    DatasetTable,
    LatentSettings,
    ModelTable,
    NetworkSettings,
    OptimizerSettings,
    RMSpropSettings,
    SGDSettings,
)

__all__ = [
    "AdamSettings",
    "AdamWSettings",
    "CategoricalCode",
    "ContinuousCode",
    "DatasetTable",
    "LatentSettings",
    "ModelTable",
    "NetworkSettings",
    "OptimizerSettings",
    "RMSpropSettings",
    "Recipe",
    "SGDSettings",
]
