"""Build PyTorch's optimizers from the tables of a recipe, one for each player of a model."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn, optim

from disentangle_bench.errors import SettingError
from disentangle_bench.models.model import Model
from disentangle_bench.recipe import AdamSettings, AdamWSettings, OptimizerSettings, RMSpropSettings


def make_optimizers(model: Model) -> dict[str, optim.Optimizer]:
    """The optimizer of each player, over the weights that it moves.

    Raises:
        SettingError: the recipe lacks the table of a player, or has one that no player uses.
    """
    recipe, networks = model.recipe, nn.ModuleDict(model.networks)
    used = sorted({player.optimizer for player in model.players.values()})
    for name in sorted({*used} ^ recipe.optimizer.keys()):
        has, remedy = (
            ("no", f"Give it one, such as [optimizer.{name}] with lr = 1e-4.")
            if name in used
            else (
                "an",
                f"Remove [optimizer.{name}].",
            )
        )
        raise SettingError(
            f"The recipe {recipe.name} has {has} optimizer {name!r}; "
            f"its model {recipe.model.name!r} uses {', '.join(used)}.",
            remedy,
        )
    return {
        name: make_optimizer(
            recipe.optimizer[player.optimizer],
            [weight for moved in player.moves for weight in networks.get_submodule(moved).parameters()],
        )
        for name, player in model.players.items()
    }


def learning_rate(settings: OptimizerSettings, step: int, steps: int) -> float:
    """The learning rate of a step, from 1: constant, then falling linearly to 0 over the last of all steps.

    Step `steps` is the last and still moves: the rate would reach 0 one step after it.
    """
    decaying = settings.decay_last * steps
    return settings.lr * min(1.0, (steps - step + 1) / decaying) if decaying else settings.lr


def make_optimizer(settings: OptimizerSettings, weights: Iterable[nn.Parameter]) -> optim.Optimizer:
    """The optimizer of a table, for some weights."""
    if isinstance(settings, AdamSettings):
        return optim.Adam(weights, lr=settings.lr, betas=(settings.beta1, settings.beta2), fused=True)
    if isinstance(settings, AdamWSettings):
        betas, decay = (settings.beta1, settings.beta2), settings.weight_decay
        return optim.AdamW(weights, lr=settings.lr, betas=betas, weight_decay=decay, fused=True)
    if isinstance(settings, RMSpropSettings):
        return optim.RMSprop(weights, lr=settings.lr, alpha=settings.alpha, momentum=settings.momentum)
    return optim.SGD(weights, lr=settings.lr, momentum=settings.momentum, fused=True)
