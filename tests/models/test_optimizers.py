"""PyTorch's optimizers from a recipe's tables."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn, optim

from disentangle_bench.errors import SettingError
from disentangle_bench.models import make_model
from disentangle_bench.models.optimizers import make_optimizer, make_optimizers
from disentangle_bench.models.recipes import find_recipe


@pytest.mark.parametrize(
    ("settings", "kind", "expected"),
    [
        ({"kind": "adam", "beta1": 0.25}, optim.Adam, {"lr": 0.001, "betas": (0.25, 0.999)}),
        ({"kind": "adamw", "lr": 0.5, "weight_decay": 0.1}, optim.AdamW, {"lr": 0.5, "weight_decay": 0.1}),
        ({"kind": "rmsprop", "alpha": 0.9, "momentum": 0.3}, optim.RMSprop, {"alpha": 0.9, "momentum": 0.3}),
        ({"kind": "sgd", "momentum": 0.9}, optim.SGD, {"lr": 0.001, "momentum": 0.9}),
    ],
)
def test_each_kind(settings: dict[str, Any], kind: type[optim.Optimizer], expected: dict[str, Any]) -> None:
    recipe = find_recipe("infogan-digits").with_settings({"optimizer.G": settings})
    weights = nn.Parameter(torch.ones(3))
    made = make_optimizer(recipe.optimizer["G"], [weights])
    assert type(made) is kind
    assert made.param_groups[0]["params"] == [weights]
    assert {key: made.param_groups[0][key] for key in expected} == expected
    weights.sum().backward()
    made.step()
    assert (weights < 1).all()


@pytest.mark.parametrize(
    ("given", "problem", "remedy"),
    [
        (("D",), "has no optimizer 'G'; its model 'infogan' uses D, G.", "[optimizer.G] with lr"),
        (("D", "G", "E"), "has an optimizer 'E'; its model 'infogan' uses D, G.", "Remove [optimizer.E]"),
    ],
)
def test_tables_and_players_have_to_match(given: tuple[str, ...], problem: str, remedy: str) -> None:
    recipe = find_recipe("infogan-digits")
    values = {**recipe.to_values(), "optimizer": {name: {"lr": 1e-4} for name in given}}
    with pytest.raises(SettingError) as caught:
        make_optimizers(make_model(recipe.parse(values), (1, 8, 8)))
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy
