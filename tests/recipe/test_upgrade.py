"""The flat recipes of older versions: every one of them loads, and means what it meant.

`flat/resolved.json` holds the values of all recipes as the last version with flat recipes resolved them, and
`flat/*.toml` some of its files, the last one from a run folder.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from disentangle_bench.errors import SettingError
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.recipe import AdamSettings, Recipe
from disentangle_bench.recipe.upgrade import new_key

FLAT = Path(__file__).parent / "flat"
RESOLVED: dict[str, dict[str, Any]] = json.loads((FLAT / "resolved.json").read_text())
MINIMAL = {
    "name": "mine",
    "model": "infogan",
    "dataset": "digits",
    "latents": {"noise": 3, "codes": [{"kind": "uniform"}]},
    "networks": {"name": "digits"},
}


@pytest.mark.parametrize("name", RESOLVED)
def test_every_value_has_its_place(name: str) -> None:
    flat, recipe = RESOLVED[name], Recipe.parse(RESOLVED[name])
    assert (recipe.model.name, recipe.model.settings) == (flat["model"], {"game": flat["objective"]})
    assert (recipe.dataset.name, recipe.dataset.settings) == (flat["dataset"], flat.get("data", {}))
    rates = {"D": flat["optimizer"]["discriminator_lr"], "G": flat["optimizer"]["generator_lr"]}
    assert recipe.optimizer == {
        player: AdamSettings(lr=lr, beta1=flat["optimizer"]["beta1"], beta2=flat["optimizer"]["beta2"])
        for player, lr in rates.items()
    }
    values = recipe.to_values()
    for key in flat.keys() - {"model", "objective", "dataset", "data", "optimizer"}:
        assert values[key] == flat[key]


@pytest.mark.parametrize("name", RESOLVED)
def test_every_recipe_of_that_time_still_resolves_to_the_same_values(name: str) -> None:
    now, then = find_recipe(name), Recipe.parse(RESOLVED[name])
    assert now.training_values() == then.training_values()
    assert (now.source, now.published) == (then.source, then.published)


@pytest.mark.parametrize("path", sorted(FLAT.glob("*.toml")), ids=lambda path: path.stem)
def test_a_file_is_read(path: Path) -> None:
    flat, recipe = tomllib.loads(path.read_text()), Recipe.read(path)
    assert recipe == Recipe.parse({**RESOLVED[path.stem], "steps": flat["steps"]})
    assert Recipe.parse(tomllib.loads(recipe.to_toml())) == recipe


def test_what_is_left_out_has_the_default_of_that_time() -> None:
    recipe = Recipe.parse(MINIMAL)
    assert recipe.model.settings == {"game": "nsgan"}
    assert [recipe.optimizer[name].lr for name in "DG"] == [2e-4, 1e-3]
    assert (recipe.steps, recipe.batch_size, recipe.checkpoint_every) == (5000, 128, 500)


def test_settings_of_the_dataset_move_to_its_table() -> None:
    recipe = Recipe.parse({**MINIMAL, "data": {"size": 32, "names": ["a"]}})
    assert recipe.dataset.settings == {"size": 32, "names": ("a",)}


def test_what_the_flat_form_did_not_know_is_refused() -> None:
    with pytest.raises(SettingError, match=r"stepz: there is no such setting.*'steps'"):
        Recipe.parse({**MINIMAL, "stepz": 3})
    with pytest.raises(SettingError, match=r"optimizer\.lr: "):
        Recipe.parse({**MINIMAL, "optimizer": {"lr": 3}})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("objective", "model.game"),
        ("data.size", "dataset.size"),
        ("optimizer.generator_lr", "optimizer.G.lr"),
        ("optimizer.discriminator_lr", "optimizer.D.lr"),
        ("optimizer.beta1", "optimizer.D.beta1 and optimizer.G.beta1"),
    ],
)
def test_a_setting_by_its_old_key_is_refused_with_the_new_one(old: str, new: str) -> None:
    with pytest.raises(SettingError, match=f"no setting '{old}': it is now {new}"):
        Recipe.parse(MINIMAL).with_settings({old: 0.5})


@pytest.mark.parametrize("key", ["model", "dataset"])
def test_a_name_in_place_of_a_table_is_refused_with_the_key_of_the_name(key: str) -> None:
    with pytest.raises(SettingError, match=f"no setting '{key}': it is now {key}.name"):
        Recipe.parse(MINIMAL).with_settings({key: "other"})


def test_other_keys_have_no_old_name() -> None:
    assert new_key("steps") is None
    assert new_key("dataset.size") is None
