"""Recipes: what they accept, how they change, and what they say to what they refuse."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disentangle_bench.errors import SettingError
from disentangle_bench.latents import Categorical, Gaussian, Uniform
from disentangle_bench.recipe import Recipe

VALUES: dict[str, Any] = {
    "name": "mine",
    "model": {"name": "infogan"},
    "dataset": {"name": "digits"},
    "latents": {
        "noise": 16,
        "codes": [{"kind": "categorical", "k": 10}, {"kind": "uniform"}, {"kind": "gaussian", "sigma": 0.5}],
    },
    "networks": {"name": "digits"},
    "optimizer": {"D": {"lr": 2e-4}, "G": {"lr": 1e-3}},
}


def recipe(**values: Any) -> Recipe:
    return Recipe.parse({**VALUES, **values}, where="here")


class TestDefaults:
    """The authors' script and arXiv:1606.03657, Appendix C."""

    def test_of_the_training(self) -> None:
        made = recipe()
        assert (made.steps, made.batch_size, made.checkpoint_every) == (5000, 128, 500)

    def test_of_an_optimizer(self) -> None:
        adam = recipe().optimizer["D"]
        assert adam.model_dump() == {"kind": "adam", "lr": 2e-4, "beta1": 0.5, "beta2": 0.999}

    def test_networks_fit_the_images_and_there_is_no_noise(self) -> None:
        """As a model without noise that brings its own networks needs it."""
        values = {key: value for key, value in VALUES.items() if key not in ("networks", "optimizer")}
        made = Recipe.parse({**values, "latents": {"codes": [{"kind": "gaussian"}]}})
        assert (made.networks.name, made.networks.width, made.latents.noise) == ("auto", 1.0, 0)
        assert made.optimizer == {}

    def test_lambda_is_1_for_categorical_and_a_tenth_for_continuous_codes(self) -> None:
        assert [code.weight for code in recipe().latents.codes] == [1.0, 0.1, 0.1]


def test_the_latent_spec_has_the_codes_in_order() -> None:
    spec = recipe(latents={**VALUES["latents"], "noise_prior": "gaussian"}).latent_spec()
    assert (spec.noise, spec.noise_prior) == (16, "gaussian")
    assert spec.codes == (Categorical(10, "c1", 1.0), Uniform("c2", 0.1), Gaussian("c3", 0.1, 0.5))


class TestTomlFiles:
    def test_round_trip(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.toml"
        made = recipe(published={"c1-accuracy.error": 0.05}, title='a "quoted" title', steps=7)
        path.write_text(made.to_toml())
        assert Recipe.read(path) == made

    @given(
        rate=st.floats(1e-8, 10),
        steps=st.integers(1, 10**9),
        k=st.integers(2, 1000),
        sigma=st.none() | st.floats(1e-3, 10),
        title=st.text(st.characters(exclude_categories=["Cs"])),
    )
    def test_no_value_changes_on_the_way(
        self, rate: float, steps: int, k: int, sigma: float | None, title: str
    ) -> None:
        codes = [{"kind": "categorical", "k": k}, {"kind": "uniform", "sigma": sigma}]
        made = recipe(steps=steps, title=title, optimizer={"G": {"lr": rate}}, latents={"noise": 0, "codes": codes})
        assert Recipe.parse(tomllib.loads(made.to_toml()), where="there") == made

    @pytest.mark.parametrize("content", [b"steps = ", b"\xff\xfe", b"a = 1\na = 2"])
    def test_a_broken_one_is_named(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "mine.toml"
        path.write_bytes(content)
        with pytest.raises(SettingError, match=r"Could not read the recipe .*mine\.toml"):
            Recipe.read(path)

    def test_a_missing_one_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(SettingError, match=r"none\.toml.*No such file"):
            Recipe.read(tmp_path / "none.toml")

    def test_a_folder_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(SettingError, match="directory"):
            Recipe.read(tmp_path)

    def test_invalid_settings_name_the_file_and_every_key(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.toml"
        path.write_text('name = "mine"\nsteps = 0\n[latents]\nnoise = -1\n')
        with pytest.raises(SettingError) as caught:
            Recipe.read(path)
        for part in (str(path), "model: Field required", "steps: ", "latents.noise: ", "latents.codes: Field required"):
            assert part in caught.value.problem


class TestSettings:
    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("steps", 100),
            ("networks.width", 0.5),
            ("networks.width", 2),
            ("model.game", "minimax"),
            ("model.name", "gan-with-q"),
            ("dataset.name", "sprites"),
            ("dataset.size", 32),
            ("optimizer.G.lr", 2e-4),
            ("optimizer.D.beta2", 0.9),
            ("latents.codes.0.k", 12),
            ("latents.codes.1.sigma", 0.5),
            ("latents.noise", 0),
        ],
    )
    def test_change_one_value_and_no_other(self, key: str, value: Any) -> None:
        before, after = recipe(), recipe().with_settings({key: value})
        expected = before.to_values()
        *path, last = key.split(".")
        place: Any = expected
        for part in path:
            place = place[int(part) if part.isdecimal() else part]
        place[last] = value
        assert after.to_values() == expected
        assert before == recipe()

    def test_several_apply_in_order(self) -> None:
        after = recipe().with_settings({"latents.codes.1.kind": "categorical", "latents.codes.1.k": 4})
        assert after.latent_spec().codes[1] == Categorical(4, "c2", 0.1)

    def test_a_dictionary_changes_the_settings_that_it_names(self) -> None:
        nested: dict[str, Any] = {"networks": {"width": 0.5}, "latents": {"noise": 3}, "published": {"mig.x": 0.5}}
        after = recipe(published={"c1-accuracy.error": 0.05}).with_settings(nested)
        flat = recipe(published={"c1-accuracy.error": 0.05, "mig.x": 0.5})
        assert after == flat.with_settings({"networks.width": 0.5, "latents.noise": 3})

    def test_a_code_is_replaced_as_a_whole(self) -> None:
        after = recipe().with_settings({"latents.codes.0": {"kind": "uniform"}})
        assert after.latent_spec().codes[0] == Uniform("c1", 0.1)

    def test_the_kind_of_the_code_after_the_last_adds_one_weighed_as_the_last_of_its_kind(self) -> None:
        before = recipe().with_settings({"latents.codes.1.weight": 0.3, "latents.codes.2.weight": 0.2})
        after = before.with_settings({"latents.codes.3.kind": "uniform"})
        assert after.latent_spec().codes == (*before.latent_spec().codes, Uniform("c4", 0.3))
        more = {"latents.codes.4.kind": "categorical", "latents.codes.4.k": 5, "latents.codes.5.kind": "gaussian"}
        assert after.with_settings(more).latent_spec().codes[4:] == (Categorical(5, "c5", 1.0), Gaussian("c6", 0.2))

    @pytest.mark.parametrize("key", ["latents.codes.4.kind", "latents.codes.3", "latents.codes.3.weight"])
    def test_a_code_is_added_by_its_kind_and_after_the_last_alone(self, key: str) -> None:
        with pytest.raises(
            SettingError, match=r"last code is latents\.codes\.2, and --set latents\.codes\.3\.kind=uniform"
        ):
            recipe().with_settings({key: "uniform"})

    def test_none_leave_it_as_it_is(self) -> None:
        assert recipe().with_settings({}) == recipe()

    @pytest.mark.parametrize(
        ("key", "guess"),
        [
            ("stepz", "'steps'"),
            ("networks.widht", "'networks.width'"),
            ("width", "'networks.width'"),
            ("beta1", "'optimizer.D.beta1'"),
            ("optimizer.G.lrr", "'optimizer.G.lr'"),
            ("optimizer.H.lr", ""),
            ("latents.codes.2.sigmaa", "'latents.codes.2.sigma'"),
            ("latents.code.0.k", "'latents.codes.0.k'"),
            (
                "latents.codes.3.k",
                ": the recipe's last code is latents.codes.2, and --set latents.codes.3.kind=uniform",
            ),
            ("latents.codes.-1.k", ""),
            ("latents.codes.²", ""),
            ("latents.codes.0.sigma", ""),
            ("steps.more", ""),
            ("", ""),
        ],
    )
    def test_an_unknown_key_is_named_with_a_guess(self, key: str, guess: str) -> None:
        with pytest.raises(SettingError) as caught:
            recipe().with_settings({key: 1})
        assert key in caught.value.problem
        assert "no such setting" in caught.value.problem or "There is no setting" in caught.value.problem
        assert guess in caught.value.problem
        assert f"mean '{key}'" not in caught.value.problem
        assert "?." not in caught.value.problem
        assert "dbench show" in caught.value.remedy

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("steps", -1),
            ("steps", 0),
            ("steps", 1.5),
            ("steps", "many"),
            ("steps", True),
            ("batch_size", 1),
            ("checkpoint_every", 0),
            ("latents.codes.0.k", 1),
            ("latents.codes.0.weight", -0.1),
            ("latents.codes.2.sigma", 0),
            ("latents.noise", -1),
            ("latents.noise_prior", "beta"),
            ("latents.codes", []),
            ("latents.codes.1", 5),
            ("latents.codes.1.kind", "poisson"),
            ("networks.width", 0),
            ("networks.width", 17),
            ("networks.width", math.nan),
            ("optimizer.G.lr", math.inf),
            ("optimizer.D.beta1", 1),
            ("optimizer.D", 3),
            ("dataset.size", [[1], [2]]),
            ("dataset.size", math.nan),
            ("model", 3),
            ("name", "../elsewhere"),
            ("name", "Mine"),
            ("published", {"c1": "high"}),
        ],
    )
    def test_an_invalid_value_is_named_with_its_key(self, key: str, value: Any) -> None:
        with pytest.raises(SettingError) as caught:
            recipe().with_settings({key: value})
        assert key.removesuffix(".kind") in caught.value.problem
        shown = next(iter(value.values())) if isinstance(value, dict) else value
        assert str(shown) in caught.value.problem
        assert caught.value.problem.startswith("Invalid settings: ")  # from Python there is no --set

    def test_all_faults_are_reported_at_once(self) -> None:
        with pytest.raises(SettingError, match=r"steps: .*; batch_size: "):
            recipe().with_settings({"steps": -1, "batch_size": 0})


def test_a_recipe_does_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        recipe().steps = 5  # type: ignore[misc]


class TestSettingsOfModelAndDataset:
    def test_are_every_key_but_the_name(self) -> None:
        made = recipe(model={"name": "infogan", "game": "minimax"})
        assert (made.model.name, dict(made.model.settings)) == ("infogan", {"game": "minimax"})
        assert dict(made.dataset.settings) == {}

    def test_keep_their_types(self) -> None:
        settings = {"dataset.size": 32, "dataset.extra": True, "dataset.crop": 0.5, "dataset.names": ["a", "b"]}
        made = recipe().with_settings(settings)
        assert made.dataset.settings == {"size": 32, "extra": True, "crop": 0.5, "names": ("a", "b")}
        assert type(made.dataset.settings["extra"]) is bool
        assert Recipe.parse(tomllib.loads(made.to_toml())) == made

    def test_take_the_numbers_of_numpy(self) -> None:
        made = recipe().with_settings({"dataset.size": np.int64(32), "dataset.crop": np.float32(0.5)})
        assert made == recipe().with_settings({"dataset.size": 32, "dataset.crop": 0.5})

    def test_count_when_recipes_are_compared(self) -> None:
        assert recipe() != recipe().with_settings({"dataset.size": 32})

    def test_do_not_change(self) -> None:
        with pytest.raises(TypeError):
            recipe().dataset.settings["size"] = 3  # type: ignore[index]


class TestKinds:
    """`kind` says which other settings a table has."""

    @pytest.mark.parametrize(
        ("kind", "others"),
        [
            ("adamw", {"beta1": 0.5, "beta2": 0.999, "weight_decay": 0.01}),
            ("rmsprop", {"alpha": 0.99, "momentum": 0.0}),
            ("sgd", {"momentum": 0.0}),
        ],
    )
    def test_another_optimizer_keeps_what_it_has_in_common_with_the_last(
        self, kind: str, others: dict[str, float]
    ) -> None:
        after = recipe().with_settings({"optimizer.G.kind": kind})
        assert after.optimizer["G"].model_dump() == {"kind": kind, "lr": 1e-3, **others}
        assert after.optimizer["D"] == recipe().optimizer["D"]

    def test_with_settings_of_its_own(self) -> None:
        nested = recipe().with_settings({"optimizer": {"G": {"kind": "sgd", "momentum": 0.9}}})
        dotted = recipe().with_settings({"optimizer.G.kind": "sgd", "optimizer.G.momentum": 0.9})
        assert nested == dotted

    def test_an_unknown_one_is_refused(self) -> None:
        with pytest.raises(SettingError, match=r"optimizer\.G: Its kind should be 'adam'"):
            recipe().with_settings({"optimizer.G.kind": "lion"})

    def test_a_setting_of_a_dataset_of_that_name_is_like_any_other(self) -> None:
        after = (
            recipe()
            .with_settings({"dataset.kind": "uniform", "dataset.size": 3})
            .with_settings({"dataset.kind": "sgd"})
        )
        assert after.dataset.settings == {"kind": "sgd", "size": 3}


def test_what_is_trained_does_not_depend_on_the_description() -> None:
    described = recipe(title="another", source="here", published={"mig": 0.5})
    assert described.training_values() == recipe().training_values()
    assert described.with_settings({"steps": 7}).training_values() != recipe().training_values()
