"""Build PyTorch's optimizers from the tables of a recipe."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn, optim

from disentangle_bench.errors import SettingError
from disentangle_bench.recipe import AdamSettings, AdamWSettings, Recipe, RMSpropSettings


def make_optimizer(recipe: Recipe, name: str, parameters: Iterable[nn.Parameter]) -> optim.Optimizer:
    """The optimizer that a recipe names, for some parameters.

    Args:
        recipe: has the table `[optimizer.NAME]`.
        name: of the optimizer, such as `D`.
        parameters: what it trains.

    Raises:
        SettingError: the recipe has no optimizer of that name.
    """
    if name not in recipe.optimizer:
        raise SettingError(
            f"The recipe {recipe.name} has no optimizer {name!r}, which the model {recipe.model.name!r} needs.",
            f"Give it one, such as [optimizer.{name}] with lr = 1e-4.",
        )
    settings = recipe.optimizer[name]
    if isinstance(settings, AdamSettings):
        return optim.Adam(parameters, lr=settings.lr, betas=(settings.beta1, settings.beta2), fused=True)
    if isinstance(settings, AdamWSettings):
        betas, decay = (settings.beta1, settings.beta2), settings.weight_decay
        return optim.AdamW(parameters, lr=settings.lr, betas=betas, weight_decay=decay, fused=True)
    if isinstance(settings, RMSpropSettings):
        return optim.RMSprop(parameters, lr=settings.lr, alpha=settings.alpha, momentum=settings.momentum)
    return optim.SGD(parameters, lr=settings.lr, momentum=settings.momentum, fused=True)
