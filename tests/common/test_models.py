"""Every registered model follows every rule, and comes back from disk."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from disentangle_bench.errors import DbenchError
from disentangle_bench.models import MODELS, make_model
from disentangle_bench.models.conformance import RULES, RULES_OF_NETWORKS, check_model, check_networks
from disentangle_bench.models.conformance.trial import CPU, Trial, same
from disentangle_bench.models.networks import NETWORKS
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.models.trained import load_trained, save_trained

SHAPE = (1, 8, 8)
NAMES = sorted(MODELS)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_follows_the_rules(name: str) -> None:
    outcomes = list(check_model(name, "digits", SHAPE))
    assert [outcome.rule for outcome in outcomes] == list(RULES)
    assert {outcome.rule: outcome.fault for outcome in outcomes if outcome.fault} == {}


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_networks_follow_the_rules(name: str) -> None:
    outcomes = list(check_networks(NETWORKS.get(name), width=0.1))
    assert [outcome.rule for outcome in outcomes] == list(RULES_OF_NETWORKS)
    assert {outcome.rule: outcome.fault for outcome in outcomes if outcome.fault} == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_finished_model_comes_back_from_disk(name: str, tmp_path: Path) -> None:
    trial = Trial(find_recipe(name, "digits").with_settings({"batch_size": 16}), SHAPE)
    model = trial.model()
    trial.updates(model, range(1, 3))
    model.finish(torch.randint(0, 256, (200, *SHAPE), dtype=torch.uint8), seed=0)
    save_trained(model, tmp_path / "model.safetensors")
    again = trial.model(seed=5)
    assert load_trained(again, tmp_path / "model.safetensors", CPU).offers
    assert same(again.state(), model.state())


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_that_it_does_not_have_is_refused(name: str) -> None:
    recipe = find_recipe(name, "digits").with_settings({"model.color": "blue"})
    with pytest.raises(DbenchError, match="color"):
        make_model(recipe, SHAPE)
