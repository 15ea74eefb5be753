"""How a name finds a recipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from disentangle_bench.errors import SettingError, UnknownNameError
from disentangle_bench.models import MODELS
from disentangle_bench.models.recipes import find_recipe, recipe_files, recipe_names
from disentangle_bench.models.recipes.halves import variants


def test_by_its_name() -> None:
    assert find_recipe("gan-with-q-digits").name == "gan-with-q-digits"


@pytest.mark.parametrize(("dataset", "name"), [(None, "infogan-mnist"), ("digits", "infogan-digits")])
def test_by_a_models_name(dataset: str | None, name: str) -> None:
    assert find_recipe("infogan", dataset) == find_recipe(name)


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


@pytest.mark.parametrize(("name", "guess"), [("infogan-mnits", "infogan-mnist"), ("infogann", "infogan")])
def test_an_unknown_name_gets_a_guess(name: str, guess: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        find_recipe(name)
    assert f"'{guess}'" in caught.value.remedy
    assert "dbench list recipes" in caught.value.remedy


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SettingError, match=r"nowhere/mine\.toml.*No such file"):
        find_recipe("nowhere/mine.toml")


def test_names_are_sorted() -> None:
    assert recipe_names() == sorted(recipe_names())


def test_names_of_one_model() -> None:
    assert {find_recipe(name).model.name for name in recipe_names("gan-with-q")} == {"gan-with-q"}
    assert sorted(name for model in (*MODELS, *variants()) for name in recipe_names(model)) == recipe_names()


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("infogan-mnist", ["datasets/mnist.toml", "models/infogan.toml"]),
        (
            "gan-with-q-chairs-width",
            ["datasets/chairs.toml", "models/gan-with-q.toml", "experiments/width.toml"],
        ),
        ("infogan-faces", ["datasets/faces.toml", "models/infogan.toml", "experiments/azimuth.toml"]),
    ],
)
def test_the_files_of_a_recipe_are_named_in_the_order_of_merging(name: str, files: list[str]) -> None:
    assert recipe_files(name) == files
