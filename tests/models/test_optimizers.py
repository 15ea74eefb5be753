"""PyTorch's optimizers from a recipe's tables."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn, optim

from disentangle_bench.errors import SettingError
from disentangle_bench.models.optimizers import make_optimizer
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
    made = make_optimizer(recipe, "G", [weights])
    assert type(made) is kind
    assert made.param_groups[0]["params"] == [weights]
    assert {key: made.param_groups[0][key] for key in expected} == expected
    weights.sum().backward()
    made.step()
    assert (weights < 1).all()


def test_one_that_the_recipe_lacks_is_named_with_its_table() -> None:
    with pytest.raises(SettingError) as caught:
        make_optimizer(find_recipe("infogan-digits"), "VAE", [])
    assert "'VAE', which the model 'infogan' needs" in caught.value.problem
    assert "[optimizer.VAE]" in caught.value.remedy
