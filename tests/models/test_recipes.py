"""How a name finds a recipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from disentangle_bench.errors import SettingError, UnknownNameError
from disentangle_bench.models.recipes import find_recipe, recipe_names


def test_by_its_name() -> None:
    assert find_recipe("gan-with-q-digits").name == "gan-with-q-digits"


@pytest.mark.parametrize(("dataset", "name"), [(None, "infogan-mnist"), ("digits", "infogan-digits")])
def test_by_a_models_name(dataset: str | None, name: str) -> None:
    assert find_recipe("infogan", dataset).name == name


def test_by_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    changed = find_recipe("infogan-digits").with_settings({"name": "mine", "steps": 7})
    path.write_text(changed.to_toml())
    assert find_recipe(str(path)) == changed


def test_a_recipes_own_dataset_may_be_repeated() -> None:
    assert find_recipe("infogan-digits", "digits") == find_recipe("infogan-digits")


def test_another_dataset_than_the_recipes_is_refused() -> None:
    with pytest.raises(SettingError, match="'mnist', not 'digits'"):
        find_recipe("infogan-mnist", "digits")


@pytest.mark.parametrize(
    ("name", "dataset", "guess"),
    [
        ("infogan-mnits", None, "infogan-mnist"),
        ("infogann", None, "infogan"),
    ],
)
def test_an_unknown_name_gets_a_guess(name: str, dataset: str | None, guess: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        find_recipe(name, dataset)
    assert f"'{guess}'" in caught.value.remedy
    assert "dbench list recipes" in caught.value.remedy


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SettingError, match=r"nowhere/mine\.toml.*No such file"):
        find_recipe("nowhere/mine.toml")


def test_names_are_sorted() -> None:
    assert recipe_names() == sorted(recipe_names())
    assert len(recipe_names()) >= 4


@pytest.mark.parametrize("model", ["infogan", "gan-with-q"])
def test_a_dataset_without_a_recipe_gets_the_one_for_anybodys_images(model: str) -> None:
    recipe, general = find_recipe(model, "theirs"), find_recipe(model, "arrays")
    assert (recipe.name, recipe.model.name, recipe.dataset.name) == (f"{model}-theirs", model, "theirs")
    assert recipe.title.endswith("on theirs")
    assert recipe.networks.name == "auto"
    assert (recipe.latents, recipe.optimizer, recipe.steps) == (general.latents, general.optimizer, general.steps)
