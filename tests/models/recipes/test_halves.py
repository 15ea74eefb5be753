"""How the halves of a recipe are merged, on halves of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from disentangle_bench.models import recipes
from disentangle_bench.models.model import Model
from disentangle_bench.models.recipes import find_recipe, halves, recipe_names
from disentangle_bench.models.recipes.halves import Parts

MODEL = """
title = "Toy GAN"
source = "{source}; arXiv:0000.00000"
batch_size = 64

[model]
name = "infogan"
game = "minimax"

[optimizer.D]
lr = 1e-4
beta1 = 0.25

[weights]
categorical = 3.0

[published.shapes]
mig = 0.5
"""
PARTICULAR = """
datasets = ["shapes"]
on = [
    { datasets = ["circles", "shapes"], steps = 50, model = { game = "nsgan" }, optimizer = { D = { lr = 3e-4 } } },
    { datasets = ["others"], steps = 70, batch_size = 32 },
]
"""
DATASET = """
title = "shapes"
setup = "small networks"
source = "chosen"
experiment = "first"
steps = 100
batch_size = 128

[dataset]
name = "shapes"
size = 32

[networks]
name = "digits"

[latents]
noise = 3
codes = [{ kind = "categorical", k = 4 }, { kind = "categorical", k = 5, weight = 7.0 }, { kind = "uniform" }]
"""
FIRST = """
models = ["toy"]
datasets = ["shapes"]
tuned_for = "size"
source = "section 4"

[optimizer.D]
lr = 5e-4

[weights]
uniform = 0.5

[published]
dci = 0.25
"""
SECOND = """
models = ["toy"]
datasets = ["shapes"]

[dataset]
size = 64

[latents]
codes = [{ kind = "gaussian" }]
"""


def forget() -> None:
    for cached in (halves.shipped, halves._names, halves._read):
        cached.cache_clear()


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of halves in place of that of the package."""
    contents = {
        "models/toy": MODEL,
        "models/other": MODEL.replace("Toy", "Other"),
        "models/particular": PARTICULAR + MODEL,
        "datasets/shapes": DATASET,
        "experiments/first": FIRST,
        "experiments/second": SECOND,
    }
    for name, text in contents.items():
        path = tmp_path / f"{name}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(halves, "FOLDER", tmp_path)
    forget()
    yield tmp_path
    forget()


def values(parts: Parts) -> dict[str, Any]:
    return halves.merge("name", parts)


@pytest.mark.usefixtures("files")
class TestMerging:
    def test_a_setting_of_one_half_is_taken_from_it(self) -> None:
        merged = values(Parts("other", "shapes"))
        assert (merged["steps"], merged["networks"]) == (100, {"name": "digits"})
        assert merged["model"] == {"name": "infogan", "game": "minimax"}

    def test_of_a_setting_of_both_that_of_the_model_counts(self) -> None:
        assert values(Parts("other", "shapes"))["batch_size"] == 64

    def test_an_experiment_changes_what_it_names_and_no_more(self) -> None:
        assert values(Parts("toy", "shapes", "first"))["optimizer"] == {"D": {"lr": 5e-4, "beta1": 0.25}}
        assert values(Parts("toy", "shapes", "second"))["dataset"] == {"name": "shapes", "size": 64}

    def test_codes_are_replaced_as_a_whole(self) -> None:
        assert values(Parts("toy", "shapes", "second"))["latents"] == {"noise": 3, "codes": [{"kind": "gaussian"}]}

    @pytest.mark.parametrize(("experiment", "of_uniform"), [(None, {}), ("first", {"weight": 0.5})])
    def test_a_code_has_its_own_weight_or_that_of_its_kind(
        self, experiment: str | None, of_uniform: dict[str, float]
    ) -> None:
        assert values(Parts("toy", "shapes", experiment))["latents"]["codes"] == [
            {"kind": "categorical", "k": 4, "weight": 3.0},
            {"kind": "categorical", "k": 5, "weight": 7.0},
            {"kind": "uniform", **of_uniform},
        ]

    @pytest.mark.parametrize(
        ("parts", "title", "source"),
        [
            (Parts("other", "shapes"), "Other GAN on shapes, small networks", "chosen; arXiv:0000.00000"),
            (
                Parts("toy", "shapes", "first"),
                "Toy GAN on shapes, small networks, tuned for size",
                "section 4; arXiv:0000.00000",
            ),
            (Parts("toy", "shapes", "second"), "Toy GAN on shapes, small networks", "chosen; arXiv:0000.00000"),
        ],
    )
    def test_title_and_source_are_made_up_of_those_of_the_halves(self, parts: Parts, title: str, source: str) -> None:
        merged = values(parts)
        assert (merged["title"], merged["source"]) == (title, source)

    def test_what_a_model_sets_on_one_dataset_alone_counts_there(self) -> None:
        merged = values(Parts("particular", "shapes"))
        assert (merged["steps"], merged["batch_size"], merged["model"]["game"]) == (50, 64, "nsgan")
        assert merged["optimizer"] == {"D": {"lr": 3e-4, "beta1": 0.25}}
        assert values(Parts("particular", "shapes", "first"))["optimizer"]["D"]["lr"] == 5e-4  # an experiment's counts

    def test_a_family_lies_between_the_datasets_half_and_the_models(self, files: Path) -> None:
        """Its `[[on]]` counts, too, unless the model's own half says otherwise."""
        (files / "families").mkdir()
        (files / "families/kin.toml").write_text(
            """
            batch_size = 16
            checkpoint_every = 10
            on = [{ datasets = ["shapes"], steps = 30, checkpoint_every = 20 }]
            """
        )
        (files / "models/member.toml").write_text(f'family = "kin"\n{MODEL}')
        forget()
        merged = values(Parts("member", "shapes"))
        assert (merged["batch_size"], merged["steps"], merged["checkpoint_every"]) == (64, 30, 20)
        assert merged.keys().isdisjoint({"family", "on", "datasets"})
        assert Parts("member", "shapes").files() == [
            "datasets/shapes.toml", "families/kin.toml", "models/member.toml"
        ]  # fmt: skip

    @pytest.mark.parametrize(("experiment", "expected"), [(None, {"mig": 0.5}), ("first", {"mig": 0.5, "dci": 0.25})])
    def test_published_values_are_those_for_the_dataset(
        self, experiment: str | None, expected: dict[str, float]
    ) -> None:
        assert values(Parts("toy", "shapes", experiment))["published"] == expected


@pytest.mark.usefixtures("files")
def test_an_experiment_is_a_recipe_unless_the_dataset_names_it() -> None:
    assert recipe_names() == ["other-shapes", "particular-shapes", "toy-shapes", "toy-shapes-second"]
    assert halves.shipped()["toy-shapes"] == Parts("toy", "shapes", "first")
    assert halves.shipped()["other-shapes"] == Parts("other", "shapes")  # the experiment is not for this model


@pytest.mark.usefixtures("files")
def test_a_model_has_recipes_for_the_datasets_that_it_names(files: Path) -> None:
    (files / "datasets/more.toml").write_text(DATASET.replace("shapes", "more"))
    forget()
    assert recipe_names()[:2] == ["other-more", "other-shapes"]
    assert [name for name in recipe_names() if name.startswith("particular")] == ["particular-shapes"]


@pytest.mark.parametrize("model", ["infogan", "gan-with-q"])
def test_a_dataset_without_a_half_gets_the_one_for_array_files(model: str) -> None:
    recipe, general = find_recipe(model, "theirs"), find_recipe(model, "arrays")
    assert (recipe.name, recipe.model.name, recipe.dataset.name) == (f"{model}-theirs", model, "theirs")
    assert recipe.title.endswith("on theirs")
    assert recipe.networks.name == "auto"
    assert (recipe.latents, recipe.optimizer, recipe.steps) == (general.latents, general.optimizer, general.steps)


class Theirs(Model):
    """A model of a plug-in."""

    summary, source = "Theirs.", "arXiv:0000.00001"


class TestAModelWithoutAFile:
    @pytest.fixture(autouse=True)
    def plugin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        known = {**dict.fromkeys(halves.MODELS), "theirs": Theirs}
        monkeypatch.setattr(halves, "MODELS", known)
        monkeypatch.setattr(recipes, "MODELS", known)

    def test_is_trained_with_what_suits_the_dataset(self) -> None:
        recipe, infogan = find_recipe("theirs", "digits"), find_recipe("infogan-digits")
        assert (recipe.name, recipe.title) == ("theirs-digits", "theirs on scikit-learn's 8x8 digits")
        assert (recipe.model.name, recipe.model.settings) == ("theirs", {})
        assert (recipe.source, recipe.optimizer, recipe.published) == ("arXiv:0000.00001", {}, {})
        assert (recipe.steps, recipe.networks, recipe.latents) == (infogan.steps, infogan.networks, infogan.latents)

    def test_declares_its_half_in_its_class(self, monkeypatch: pytest.MonkeyPatch) -> None:
        half = {
            "title": "A VAE of theirs",
            "source": "theirs, after {source}",
            "batch_size": 64,
            "model": {"beta": 4.0},
            "optimizer": {"VAE": {"lr": 1e-4}},
            "latents": {"noise": 0, "codes": [{"kind": "gaussian"}] * 10},
        }
        monkeypatch.setattr(Theirs, "recipe_defaults", half)
        recipe = find_recipe("theirs", "mnist")
        assert recipe.title == "A VAE of theirs on MNIST"
        assert recipe.source == "theirs, after arXiv:1606.03657, Appendix C.1"
        assert (recipe.model.name, recipe.model.settings) == ("theirs", {"beta": 4.0})
        assert (recipe.batch_size, recipe.steps, list(recipe.optimizer)) == (64, 5000, ["VAE"])
        assert (recipe.latents.noise, len(recipe.latents.codes)) == (0, 10)
