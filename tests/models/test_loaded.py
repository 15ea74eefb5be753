"""A loaded model makes what its generator makes of the same latents, and reads what its networks read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from disentangle_bench.errors import (
    DataError,
    DbenchError,
    RepresentationError,
    RunError,
    SettingError,
    UnknownNameError,
)
from disentangle_bench.models import make_model
from disentangle_bench.models.loaded import LoadedModel, checked_images
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.models.trained import TrainedModel

SHAPE = (1, 8, 8)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def trained() -> TrainedModel:
    recipe = find_recipe("infogan-digits").with_settings({"networks.width": 0.1, "batch_size": 32})
    model = make_model(recipe, SHAPE, 0)
    model.finish(torch.randint(0, 200, (300, *SHAPE), dtype=torch.uint8), seed=1)
    return TrainedModel(model, CPU)


@pytest.fixture
def model(trained: TrainedModel) -> LoadedModel:
    return LoadedModel(trained, SHAPE, "infogan-digits seed 0")


@pytest.fixture
def images() -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).integers(0, 256, (6, *SHAPE), dtype=np.uint8)


class TestGenerate:
    def test_makes_what_the_generator_makes_of_these_codes(self, model: LoadedModel, trained: TrainedModel) -> None:
        made = model.generate(c1=3, c2=[0.5, -0.5], c3=1.0, seed=4)
        assert (made.shape, made.dtype) == ((2, *SHAPE), np.float32)
        latents = model._draw(2, 4)
        codes = (torch.tensor([3, 3]), torch.tensor([0.5, -0.5]), torch.tensor([1.0, 1.0]))
        columns = [latents.noise, torch.nn.functional.one_hot(codes[0], 10), codes[1][:, None], codes[2][:, None]]
        generator = trained.parts["generator"]
        with torch.no_grad():
            expected = generator(torch.cat(columns, dim=1).float()).numpy()
        np.testing.assert_array_equal(made, expected)

    def test_a_seed_draws_what_is_not_given_and_the_noise(self, model: LoadedModel) -> None:
        first, again, other = model.generate(5), model.generate(5), model.generate(5, seed=1)
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)
        assert len(np.unique(first.reshape(5, -1), axis=0)) == 5

    def test_one_image_by_default_or_as_many_as_there_are_values(self, model: LoadedModel) -> None:
        assert len(model.generate()) == len(model.generate(c1=2)) == 1
        assert len(model.generate(c1=torch.arange(10))) == 10
        assert len(model.generate(n=4, c2=np.float64(0.1), c1=np.int64(3))) == 4

    @pytest.mark.parametrize(
        ("given", "error", "says"),
        [
            ({"c4": 1}, UnknownNameError, "no code named 'c4'"),
            ({"c1": 10}, SettingError, "c1 = 10 is not a category of c1"),
            ({"c1": -1}, SettingError, "whole numbers from 0 to 9"),
            ({"c1": 2.5}, SettingError, "is not a category"),
            ({"c1": True}, SettingError, "c1 = True is not a value"),
            ({"c2": "left"}, SettingError, "c2 = left is not a value"),
            ({"c2": float("nan")}, SettingError, "finite number"),
            ({"c2": [[0.0, 1.0]]}, SettingError, r"an array \(n,\)"),
            ({"c2": []}, SettingError, "is not a value"),
            ({"c2": [[0.0], [0.0, 1.0]]}, RepresentationError, "values of c2 are not an array"),
            ({"c2": np.ma.array([0.0, 1.0], mask=[0, 1])}, RepresentationError, "1 of 2 values of the values of c2"),
            ({"c2": [0.0, 1.0], "n": 3}, SettingError, "c2 has 2 values for 3 images"),
            ({"c2": [0.0, 1.0], "c3": [0.0, 1.0, 0.5]}, SettingError, "c3 has 3 values for 2 images"),
            ({"n": 0}, SettingError, "n = 0 is not a number of images"),
            ({"n": 2.0}, SettingError, "n = 2.0 is not a number of images"),
            ({"n": 10**9}, SettingError, "is not a number of images"),
        ],
    )
    def test_what_cannot_be_made_is_refused(
        self, model: LoadedModel, given: dict[str, Any], error: type[DbenchError], says: str
    ) -> None:
        with pytest.raises(error, match=says):
            model.generate(**given)

    def test_a_value_beyond_the_prior_is_noted_and_taken(
        self, model: LoadedModel, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert len(model.generate(c2=[-2.0, 1.5])) == 2
        assert caplog.messages == ["c2 = -2 to 1.5 is beyond its prior, -1 to 1, for which the model was trained."]
        model.generate(c2=1, c3=-1.0)
        assert len(caplog.messages) == 1


class TestTraverse:
    def test_an_axis_for_each_code_with_several_values(self, model: LoadedModel) -> None:
        made = model.traverse(3, seed=2, c2=[-1.0, 0.0, 1.0], c1=range(10), c3=0.5)
        assert made.shape == (3, 3, 10, *SHAPE)
        drawn = model._draw(3, 2)
        for row, place, category in ((0, 0, 0), (2, 1, 7)):
            codes = (torch.tensor([category]), torch.tensor([place - 1.0]), torch.tensor([0.5]))
            latents = type(drawn)(drawn.noise[row : row + 1], codes)
            np.testing.assert_allclose(made[row, place, category], model._images(latents)[0], atol=1e-6)

    def test_without_values_it_is_draws(self, model: LoadedModel) -> None:
        np.testing.assert_array_equal(model.traverse(4, c1=3), model.generate(4, c1=3))

    def test_too_many_images_are_refused_before_they_are_made(self, model: LoadedModel) -> None:
        with pytest.raises(SettingError, match="1,000,100,000 images are too many"):
            model.traverse(10_001, c1=np.zeros(100_000, dtype=int))


class TestReading:
    def test_codes_are_the_estimates_of_the_posterior(
        self, model: LoadedModel, trained: TrainedModel, images: np.ndarray[Any, Any]
    ) -> None:
        codes, posterior = model.encode(images), model.posterior(images)
        logits = trained.encode(torch.from_numpy(images))[0].numpy()
        np.testing.assert_array_equal(codes["c1"], logits.argmax(axis=1))
        np.testing.assert_array_equal(posterior["c1"], logits.astype(np.float64))
        np.testing.assert_allclose(codes["c2"], posterior["c2"][:, 0])
        assert {name: values.shape for name, values in posterior.items()} == {"c1": (6, 10), "c2": (6, 2), "c3": (6, 2)}
        assert len(model.generate(**codes)) == 6

    def test_generated_images_are_read_with_statistics_of_their_own(self, model: LoadedModel) -> None:
        made = model.generate(8)
        real, own = model.posterior(made)["c1"], model.posterior(made, generated=True)["c1"]
        assert not np.allclose(real, own)
        np.testing.assert_array_equal(model.encode(made, generated=True)["c1"], own.argmax(axis=1))

    def test_bytes_and_floats_say_the_same(self, model: LoadedModel, images: np.ndarray[Any, Any]) -> None:
        given: list[Any] = [images / 255, (images / 255).astype(np.float32), torch.from_numpy(images).float() / 255]
        for floats in given:
            np.testing.assert_allclose(model.posterior(floats)["c2"], model.posterior(images)["c2"], atol=1e-5)

    def test_an_image_is_read_the_same_whatever_is_beside_it(
        self, model: LoadedModel, images: np.ndarray[Any, Any]
    ) -> None:
        np.testing.assert_allclose(model.posterior(images[3:4])["c1"][0], model.posterior(images)["c1"][3], atol=1e-5)


@pytest.mark.parametrize(
    ("images", "shape", "says"),
    [
        (np.zeros((5, 28, 28), np.uint8), (1, 28, 28), "Add the axis of the channel: images[:, None]."),
        (np.zeros((5, 28, 28, 1), np.uint8), (1, 28, 28), "images.transpose(0, 3, 1, 2)"),
        (np.zeros((5, 32, 32, 3), np.uint8), (3, 32, 32), "images.transpose(0, 3, 1, 2)"),
        (np.zeros((1, 28, 28), np.uint8), (1, 28, 28), "A single image is images[None]."),
        (np.zeros((5, 1, 32, 32), np.uint8), (1, 28, 28), "have the shape (5, 1, 32, 32) instead of (n, 1, 28, 28)"),
        (np.zeros((0, 1, 8, 8), np.uint8), SHAPE, "have the shape (0, 1, 8, 8)"),
        (np.full((1, *SHAPE), 255.0), SHAPE, "from 255 to 255; they should be in [0, 1].\nIf they are from 0 to 255"),
        (np.full((1, *SHAPE), -1.0), SHAPE, "give (images + 1) / 2"),
        (np.full((1, *SHAPE), np.nan), SHAPE, "none of them NaN"),
        (np.zeros((1, *SHAPE), int), SHAPE, "The images are int64; they should be uint8 from 0 to 255, or floats"),
        (np.zeros((1, *SHAPE), bool), SHAPE, "if they are 0 and 1, images.astype(np.float32)"),
    ],
)
def test_images_that_would_be_misread_are_refused(
    images: np.ndarray[Any, Any], shape: tuple[int, int, int], says: str
) -> None:
    with pytest.raises(DataError) as caught:
        checked_images(images, shape)
    assert says in str(caught.value)


class Part(TrainedModel):
    """A model that offers one part alone."""

    def __init__(self, name: str, whole: TrainedModel) -> None:
        self.latents, self.device, self.deterministic = whole.latents, whole.device, whole.deterministic
        self.parts = {name: whole.parts[name]}
        self.offers = frozenset(self.parts)


def test_a_model_without_a_part_says_so(trained: TrainedModel, images: np.ndarray[Any, Any]) -> None:
    reader = LoadedModel(Part("encoder", trained), SHAPE, "mine seed 0")
    assert len(reader.encode(images)["c1"]) == 6
    with pytest.raises(RunError, match="The model of mine seed 0 makes no images: it has no generator"):
        reader.generate()
    maker = LoadedModel(Part("generator", trained), SHAPE, "mine seed 0")
    assert maker.generate(2).shape == (2, *SHAPE)
    with pytest.raises(RunError, match="reads no real images"):
        maker.encode(images)
    with pytest.raises(RunError, match="reads no generated images"):
        maker.posterior(images, generated=True)
