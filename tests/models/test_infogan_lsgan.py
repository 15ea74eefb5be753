"""The port of InfoGAN with three players, against its equations, and its two mistakes."""

from __future__ import annotations

import math
from copy import deepcopy

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax
from torch import nn

from disentangle_bench.errors import SettingError
from disentangle_bench.models import make_model
from disentangle_bench.models.infogan_lsgan import InfoGANLSGAN
from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.training.job import require_allowed
from tests.models.updates import SHAPE, Updates, draw

SIGMA = math.sqrt(1 / 2)


def make(seed: int = 0, **settings: object) -> InfoGANLSGAN:
    small = {"dataset.name": "digits", "networks.width": 0.25, "latents.noise": 4}
    recipe = find_recipe("infogan-lsgan-digits").with_settings(small | settings)
    model = make_model(recipe, SHAPE, seed)
    assert isinstance(model, InfoGANLSGAN)
    return model


class Watch(Updates):
    """Keeps each player's loss, and what dropout gave D, as it moves."""

    def __init__(self, model: InfoGANLSGAN) -> None:
        self.losses: list[float] = []
        super().__init__(model, self._backward)

    def _backward(self, loss: torch.Tensor) -> None:
        self.losses.append(loss.item())
        loss.backward()


def without_dropout(model: InfoGANLSGAN) -> InfoGANLSGAN:
    for module in model.networks["D"].modules():
        if isinstance(module, nn.Dropout2d):
            module.p = 0.0
    return model


def test_the_recipe_is_the_ports() -> None:
    recipe = find_recipe("infogan-lsgan")
    assert (recipe.name, recipe.batch_size, recipe.dataset.settings["size"]) == ("infogan-lsgan-mnist", 64, 32)
    assert {name: (table.lr, table.beta1, table.beta2) for name, table in recipe.optimizer.items()} == dict.fromkeys(
        ("D", "G", "information"), (2e-4, 0.5, 0.999)
    )
    assert (recipe.latents.noise, [code.weight for code in recipe.latents.codes]) == (62, [1.0, 0.1, 0.1])
    model = make_model(recipe, (1, 32, 32))
    sizes = [tuple(weight.shape) for name, weight in model.networks["G"].named_parameters() if weight.dim() > 1]
    assert sizes == [(128 * 8 * 8, 74), (128, 128, 3, 3), (64, 128, 3, 3), (1, 64, 3, 3)]
    sizes = [tuple(weight.shape) for name, weight in model.networks["D"].named_parameters() if weight.dim() > 1]
    assert sizes == [(16, 1, 3, 3), (32, 16, 3, 3), (64, 32, 3, 3), (128, 64, 3, 3), (1, 512), (12, 512)]


def test_each_player_minimizes_its_loss() -> None:
    """By NumPy, on copies of the networks as they were before each move."""
    fixed = {f"latents.codes.{place}.sigma": SIGMA for place in (1, 2)}
    model = without_dropout(make(**fixed))
    watch, states = Watch(model), []
    for optimizer in watch.optimizers.values():
        optimizer.register_step_pre_hook(lambda *_: states.append(deepcopy(model.networks)))
    watch()
    again = draw(model)
    x, c, other = again.real(), again.latents(), again.latents()
    with torch.no_grad():
        (before, G_moved, D_moved) = (deepcopy(networks) for networks in states)
        for networks in (before, G_moved, D_moved):
            for network in networks.values():
                network.train()
        fake = before["G"](model.latents.pack(c))
        G_loss = ((before["D"](fake)[0].double().numpy() - 1) ** 2).mean() / 2
        real_logits, fake_logits = (G_moved["D"](images)[0].double().numpy() for images in (x, fake))
        D_loss = ((real_logits - 1) ** 2).mean() / 2 + (fake_logits**2).mean() / 2
        q = D_moved["D"](D_moved["G"](model.latents.pack(other)))[1].double().numpy()
    c1, c2, c3 = (values.numpy() for values in other.codes)
    cross_entropy = -log_softmax(q[:, :10], axis=1)[np.arange(len(c1)), c1].mean()
    squared_errors = [((q[:, place] - values) ** 2).mean() for place, values in ((10, c2), (11, c3))]
    information = cross_entropy + 0.1 * sum(squared_errors)
    constant = math.log(10) + 0.1 * 2 * (math.log(2) - 0.5 * math.log(2 * math.pi * SIGMA**2))
    assert watch.losses == pytest.approx([G_loss, D_loss, information - constant], abs=1e-4)


class TestItsMistakes:
    def test_a_softmax_before_the_cross_entropy(self) -> None:
        model, plain = make(**{"model.softmax_before_cross_entropy": True}), make()
        images = torch.rand(6, *SHAPE)
        for each in (model, plain):
            each.networks["D"].eval()
        with torch.no_grad():
            found, expected = (each.networks["D"](images)[1].numpy() for each in (model, plain))
        np.testing.assert_allclose(found[:, :10], softmax(expected[:, :10], axis=1), atol=1e-6)
        np.testing.assert_allclose(found[:, 10:], expected[:, 10:], atol=1e-6)

    def test_it_bounds_the_information(self) -> None:
        """Of certain and right probabilities, `ln 10 + ln(e / (e + 9))` is left."""
        code = make().latents.codes[0]
        certain = code.log_likelihood(torch.arange(10), torch.eye(10)).mean().item() + code.entropy
        assert certain == pytest.approx(math.log(10) + math.log(math.e / (math.e + 9)))
        assert certain == pytest.approx(0.84, abs=0.005)

    def test_an_epsilon_of_0_8(self) -> None:
        def epsilons(**settings: object) -> list[float]:
            networks = make(**settings).networks.values()
            return [m.eps for network in networks for m in network.modules() if isinstance(m, nn.BatchNorm2d)]

        assert epsilons() == [1e-5] * 5
        assert epsilons(**{"model.batch_norm_epsilon": 0.8}) == [1e-5, *[0.8] * 4]


def test_dropout_depends_on_seed_and_step_alone() -> None:
    states = []
    for noise in (1, 2):
        torch.manual_seed(noise)
        model = make()
        before = torch.get_rng_state()
        Updates(model)()
        assert torch.equal(torch.get_rng_state(), before)
        states.append(model.state())
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    images, D = torch.rand(64, *SHAPE), make().networks["D"]
    with draw(model, 1).seeded():
        first = D.trunk(images)
    with draw(model, 2).seeded():
        assert not torch.equal(D.trunk(images), first)


def test_what_it_cannot_do_is_refused() -> None:
    with pytest.raises(SettingError, match="multiples of 4"):
        make_model(find_recipe("infogan-lsgan-digits"), (1, 30, 30))
    with pytest.raises(SettingError, match="--devices 2 cannot train infogan-lsgan-digits"):
        require_allowed(make(), "32-true", 2, False)
    with pytest.raises(SettingError, match="--compile cannot train infogan-lsgan-digits"):
        require_allowed(make(), "32-true", 1, True)
