"""What holds for every recipe that comes with the package."""

from __future__ import annotations

import tomllib

import pytest
import torch

from disentangle_bench.datasets import DATASETS
from disentangle_bench.models import MODELS, make_model
from disentangle_bench.models.networks import find_pair
from disentangle_bench.models.optimizers import make_optimizers
from disentangle_bench.models.recipes import find_recipe, recipe_names
from disentangle_bench.models.recipes.halves import FOLDER, merge, shipped
from disentangle_bench.recipe import Recipe
from disentangle_bench.training.batches import Batches

NAMES = recipe_names()


@pytest.mark.parametrize("model", sorted(MODELS))
@pytest.mark.parametrize("dataset", sorted(DATASETS))
def test_every_model_has_one_on_each_dataset(model: str, dataset: str) -> None:
    recipe = find_recipe(model, dataset)
    assert (recipe.model.name, recipe.dataset.name) == (model, dataset)


@pytest.mark.parametrize("name", NAMES)
class TestEach:
    def test_has_its_name(self, name: str) -> None:
        assert find_recipe(name).name == name

    def test_its_files_spell_out_every_setting(self, name: str) -> None:
        """A later change of a default must not change a recipe that exists already."""
        assert merge(name, shipped()[name]) == find_recipe(name).to_values()

    def test_says_what_it_is_and_where_it_is_from(self, name: str) -> None:
        recipe = find_recipe(name)
        assert recipe.title
        assert recipe.source

    def test_goes_through_toml_unchanged(self, name: str) -> None:
        recipe = find_recipe(name)
        assert Recipe.parse(tomllib.loads(recipe.to_toml()), where=name) == recipe

    def test_its_model_dataset_and_networks_exist_and_fit(self, name: str) -> None:
        recipe = find_recipe(name)
        info = DATASETS.get(recipe.dataset.name).info
        shape = info.shape if all(info.shape) else (3, 64, 64)  # some sets of the user's own may have any
        assert find_pair(recipe.networks.name, shape, info.name).shape == shape
        model = make_model(recipe.with_settings({"networks.width": 0.1}), shape)
        assert make_optimizers(model).keys() == recipe.optimizer.keys()
        images = torch.rand(2, *shape)
        if "generator" in model.parts():
            latents = model.latents.sample(2, torch.Generator().manual_seed(0))
            images = model.parts()["generator"](model.latents.pack(latents))
        parameters = model.parts()["encoder"](images)
        assert images.shape == (2, *shape)
        assert [part.shape[1] for part in model.latents.split(parameters)] == list(model.latents.parameters)
        assert info.users_own or recipe.batch_size <= info.images

    def test_its_batches_can_be_shared_by_two_processes(self, name: str) -> None:
        recipe = find_recipe(name)
        images = torch.zeros(recipe.batch_size, 1, 1, 1, dtype=torch.uint8)
        assert len(Batches(images, recipe.batch_size, 0, 1, 2).at(1)) == recipe.batch_size / 2


@pytest.mark.parametrize("name", recipe_names("gan-with-q"))
def test_the_baseline_differs_from_infogan_in_the_model_alone(name: str) -> None:
    infogan = find_recipe(name.replace("gan-with-q", "infogan"))
    assert find_recipe(name).training_values() == {
        **infogan.training_values(),
        "name": name,
        "model": {"name": "gan-with-q", "game": "nsgan"},
    }


def test_every_file_is_used() -> None:
    files = {str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*.toml")}
    assert files == {file for parts in shipped().values() for file in parts.files()}
