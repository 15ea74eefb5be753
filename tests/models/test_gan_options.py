"""The options of GANs with codes: each does what its source says, and off it changes no bit."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from disentangle_bench.errors import SettingError
from disentangle_bench.models import make_model
from disentangle_bench.models.gan import GANWithCodes
from disentangle_bench.models.recipes import find_recipe
from tests.models.updates import SHAPE, draw

GANS = ("gan-with-q", "infogan")


def make(name: str = "infogan", **settings: object) -> GANWithCodes:
    small = {"model.name": name, "networks.width": 0.1, "latents.noise": 4}
    model = make_model(find_recipe("infogan-digits").with_settings(small | settings), SHAPE)
    assert isinstance(model, GANWithCodes)
    return model


class TestInstanceNoise:
    def deviation(self, step: int, **settings: object) -> float:
        model = make(**{f"model.instance_noise{key}": value for key, value in settings.items()})
        return float(model.noisy(torch.zeros(16, 1, 8, 8), draw(model, step)).std())

    def test_is_as_large_as_it_says_and_falls_linearly(self) -> None:
        falling = {"": 0.4, "_steps": 100}
        found = [self.deviation(step, **falling) for step in (1, 51, 76)]
        assert found == pytest.approx([0.4, 0.2, 0.1], rel=0.1)
        assert self.deviation(101, **falling) == self.deviation(1000, **falling) == 0

    def test_stays_without_a_number_of_steps(self) -> None:
        assert self.deviation(10_000, **{"": 0.4}) == pytest.approx(0.4, rel=0.1)

    def test_real_and_generated_images_have_noise_of_their_own_in_every_step(self) -> None:
        model = make(**{"model.instance_noise": 1.0})
        zeros, first, second = torch.zeros(16, *SHAPE), draw(model, 1), draw(model, 2)
        noises = [model.noisy(zeros, each) for each in (first, first, second)]
        assert not any(torch.equal(one, other) for one, other in pairwise(noises))
        assert torch.equal(noises[0], model.noisy(zeros, draw(model, 1)))

    def test_off_images_stay_as_they_are(self) -> None:
        model, images = make(), torch.rand(16, *SHAPE)
        assert model.noisy(images, draw(model)) is images

    def test_leads_back_to_g(self) -> None:
        model, image = make(**{"model.instance_noise": 0.1}), torch.zeros(16, *SHAPE, requires_grad=True)
        model.noisy(image, draw(model)).sum().backward()
        assert isinstance(image.grad, Tensor)
        assert (image.grad == 1).all()

    @pytest.mark.parametrize("setting", ["instance_noise", "instance_noise_steps"])
    def test_less_than_none_is_refused(self, setting: str) -> None:
        with pytest.raises(SettingError, match=f"{setting} = -1"):
            make(**{f"model.{setting}": -1})
