"""PyTorch's optimizers from a recipe's tables."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn, optim

from disentangle_bench.errors import SettingError
from disentangle_bench.models import make_model
from disentangle_bench.models.optimizers import learning_rate, make_optimizer, make_optimizers
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.recipe import AdamSettings, Recipe


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


class TestLearningRate:
    @pytest.mark.parametrize(
        ("decay_last", "expected"),
        [
            (0.0, [2.0] * 10),
            (0.4, [2.0] * 6 + [2.0, 1.5, 1.0, 0.5]),
            (1.0, [2.0, 1.8, 1.6, 1.4, 1.2, 1.0, 0.8, 0.6, 0.4, 0.2]),
        ],
    )
    def test_falls_over_the_last_share_of_the_steps(self, decay_last: float, expected: list[float]) -> None:
        settings = AdamSettings(lr=2.0, decay_last=decay_last)
        assert [learning_rate(settings, step, 10) for step in range(1, 11)] == pytest.approx(expected)

    def test_a_recipe_without_it_has_the_values_that_it_always_had(self) -> None:
        recipe = find_recipe("infogan-digits")
        assert "decay_last" not in recipe.to_toml()
        assert recipe.with_settings({"optimizer.G.decay_last": 0}).to_values() == recipe.to_values()
        decaying = recipe.with_settings({"optimizer.G.decay_last": 0.4})
        assert Recipe.parse(decaying.to_values()).optimizer["G"].decay_last == 0.4
        with pytest.raises(SettingError, match="less than or equal to 1"):
            recipe.with_settings({"optimizer.G.decay_last": 1.5})
