"""What holds for every recipe that comes with the package."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import torch

import disentangle_bench.models.recipes as shipped
from disentangle_bench.datasets import DATASETS
from disentangle_bench.models import MODELS
from disentangle_bench.models.networks import find_pair
from disentangle_bench.models.recipes import find_recipe, recipe_names
from disentangle_bench.recipe import Recipe
from disentangle_bench.recipe.upgrade import upgrade
from disentangle_bench.training.batches import Batches

FILES = {path.stem: path for path in Path(shipped.__file__).parent.glob("*.toml")}
NAMES = recipe_names()


def test_every_file_is_a_recipe() -> None:
    assert set(FILES) <= set(NAMES)
    assert {"infogan-mnist", "infogan-digits", "gan-with-q-mnist", "gan-with-q-digits"} <= set(NAMES)


@pytest.mark.parametrize("model", sorted(MODELS))
@pytest.mark.parametrize("dataset", sorted(DATASETS))
def test_every_model_has_one_on_each_dataset(model: str, dataset: str) -> None:
    recipe = find_recipe(model, dataset)
    assert (recipe.model.name, recipe.dataset.name) == (model, dataset)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_spells_out_every_setting(name: str) -> None:
    """A later change of a default may not change a recipe that is here already."""
    written = tomllib.loads(FILES[name].read_text())
    assert upgrade({"published": {}, **written}) == {"published": {}, **find_recipe(name).to_values()}


@pytest.mark.parametrize("name", NAMES)
class TestEach:
    def test_is_named_as_its_file(self, name: str) -> None:
        assert find_recipe(name).name == name

    def test_says_what_it_is_and_where_it_is_from(self, name: str) -> None:
        recipe = find_recipe(name)
        assert recipe.title
        assert "arXiv:" in recipe.source

    def test_goes_through_toml_unchanged(self, name: str) -> None:
        recipe = find_recipe(name)
        assert Recipe.parse(tomllib.loads(recipe.to_toml()), where=name) == recipe

    def test_its_model_dataset_and_networks_exist_and_fit(self, name: str) -> None:
        recipe = find_recipe(name)
        info = DATASETS.get(recipe.dataset.name).info
        shape = info.shape if all(info.shape) else (3, 64, 64)  # some sets of the user's own may have any
        assert find_pair(recipe.networks.name, shape, info.name).shape == shape
        model = MODELS.get(recipe.model.name)(recipe.with_settings({"networks.width": 0.1}), shape)
        latents = model.latents.sample(2, torch.Generator().manual_seed(0))
        images = model.G(model.latents.pack(latents))
        logits, parameters = model.D(images)
        assert images.shape == (2, *shape)
        assert logits.shape == (2,)
        assert [part.shape[1] for part in model.latents.split(parameters)] == list(model.latents.parameters)
        assert info.users_own or recipe.batch_size <= info.images

    def test_its_batches_can_be_shared_by_two_processes(self, name: str) -> None:
        recipe = find_recipe(name)
        images = torch.zeros(recipe.batch_size, 1, 1, 1, dtype=torch.uint8)
        assert len(Batches(images, recipe.batch_size, 0, 1, 2).at(1)) == recipe.batch_size / 2


@pytest.mark.parametrize("dataset", sorted(DATASETS))
def test_the_baseline_differs_from_infogan_in_the_model_alone(dataset: str) -> None:
    told_apart = {"name", "title", "model", "source", "published"}
    infogan, baseline = (find_recipe(model, dataset).to_values() for model in ("infogan", "gan-with-q"))
    for name in told_apart:
        infogan.pop(name, None)
        baseline.pop(name, None)
    assert infogan == baseline
