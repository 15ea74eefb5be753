"""The options of GANs with codes: each does what its source says, and off it changes no bit."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from disentangle_bench.errors import SettingError
from disentangle_bench.models import make_model
from disentangle_bench.models.games import GAMES, gradient_penalty, zero_centered_penalty
from disentangle_bench.models.gan import GANWithCodes
from disentangle_bench.models.recipes import find_recipe, with_settings
from disentangle_bench.training.job import require_allowed
from tests.models.updates import SHAPE, Updates, draw, latents_of, real_images

GANS = ("gan-with-q", "infogan")


def make(name: str = "infogan", **settings: object) -> GANWithCodes:
    small = {"model.name": name, "networks.width": 0.1, "latents.noise": 4}
    model = make_model(with_settings(find_recipe("infogan-digits"), small | settings), SHAPE)
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


@pytest.mark.parametrize("name", GANS)
class TestGames:
    @pytest.mark.parametrize("game", sorted(GAMES))
    def test_each_moves_every_weight(self, name: str, game: str) -> None:
        model = make(name, **{"model.game": game, "networks.width": 0.5})  # clipped narrow ones have no slope
        before = {key: value.clone() for key, value in model.state().items() if value.dim() and "running" not in key}
        means = Updates(model)()
        assert all(value.isfinite() for value in means.values())
        still = {key for key, value in before.items() if torch.equal(value, model.state()[key])}
        assert still <= {"D.head.bias"}  # which shifts real and generated logits alike: most games do not care

    def test_wgan_clips_the_critic_and_not_q(self, name: str) -> None:
        model = make(name, **{"model.game": "wgan"})
        Updates(model)()
        D = model.networks["D"]
        largest = {
            part: max(w.abs().max().item() for w in D.get_submodule(part).parameters())
            for part in ("trunk", "head", "q_head")
        }
        assert largest["trunk"] == largest["head"] == pytest.approx(0.01)
        assert largest["q_head"] > 0.5

    def test_wgan_gp_adds_its_penalty_to_ds_loss(self, name: str) -> None:
        model = make(name, **{"model.game": "wgan-gp", "model.discriminator_steps": 1, "model.r1": 3.0})
        twin, losses = deepcopy(model.networks), []
        means = Updates(model, lambda loss: (losses.append(loss.item()), loss.backward()))()
        fake, real, share = twin["G"](model.latents.pack(latents_of(model))), real_images(), draw(model).uniform()
        steep = gradient_penalty(lambda x: twin["D"](x)[0], real, fake, share).item()
        at_real = zero_centered_penalty(lambda x: twin["D"](x)[0], real).item()
        informed = sum(code.weight * means[f"L_I/{code.name}"].item() for code in model.latents.codes)
        expected = means["discriminator_loss"].item() + 10 * steep + 3 * at_real - informed
        assert losses[0] == pytest.approx(expected, abs=1e-4)
        assert steep > 0.1

    def test_players_move_as_often_as_they_should(self, name: str) -> None:
        def moves(**settings: object) -> dict[str, int]:
            updates, counted = Updates(make(name, **settings)), Counter[str]()
            for player, optimizer in updates.optimizers.items():
                optimizer.register_step_post_hook(lambda *_, player=player: counted.update([player]))
            updates()
            return dict(counted)

        assert moves() == {"D": 1, "G": 1}
        assert moves(**{"model.game": "wgan"}) == {"D": 5, "G": 1}
        assert moves(**{"model.game": "wgan", "model.discriminator_steps": 2, "model.generator_steps": 3}) == {
            "D": 2,
            "G": 3,
        }


class TestWhatAGameBrings:
    def test_the_optimizers_and_the_norm_of_its_source(self) -> None:
        recipe = with_settings(find_recipe("infogan-mnist"), {"model.game": "wgan-gp"})
        adam = {"kind": "adam", "lr": 1e-4, "beta1": 0.0, "beta2": 0.9}
        assert {name: settings.model_dump() for name, settings in recipe.optimizer.items()} == {"D": adam, "G": adam}
        assert recipe.networks.norm == "layer"
        recipe = with_settings(find_recipe("gan-with-q-mnist"), {"model": {"game": "wgan"}})
        assert recipe.to_values()["optimizer"]["D"] == {"kind": "rmsprop", "lr": 5e-5, "alpha": 0.99, "momentum": 0.0}
        assert recipe.networks.norm == "batch"

    def test_unless_they_are_given(self) -> None:
        given = {"model.game": "wgan-gp", "optimizer.G.lr": 3e-4, "networks.norm": "none"}
        recipe = with_settings(find_recipe("infogan-mnist"), given)
        assert (recipe.optimizer["G"].lr, recipe.optimizer["D"].lr, recipe.networks.norm) == (3e-4, 1e-4, "none")

    def test_nothing_where_the_game_stays_or_sets_nothing(self) -> None:
        recipe = find_recipe("infogan-faces-elevation")
        assert with_settings(recipe, {"model.game": "nsgan"}) == recipe
        hinge = with_settings(recipe, {"model.game": "hinge"})
        assert hinge == recipe.with_settings({"model.game": "hinge"})


class TestGradientsOfGradients:
    GP = {"model.game": "wgan-gp"}  # noqa: RUF012

    @pytest.mark.parametrize(("settings", "what"), [(GP, "game = wgan-gp"), ({"model.r1": 1.0}, "r1")])
    def test_are_not_taken_through_batch_norm(self, settings: dict[str, object], what: str) -> None:
        with pytest.raises(SettingError, match=f"batch norm in D.*{what}") as caught:
            make(**settings, **{"networks.norm": "batch"})
        assert "networks.norm=layer" in caught.value.remedy

    @pytest.mark.parametrize(
        ("given", "option"),
        [
            (("32-true", 2, False), "--devices 2"),
            (("32-true", 1, True), "--compile"),
            (("16-mixed", 1, False), "16-mixed"),
        ],
    )
    def test_are_refused_where_they_cannot_be_taken(self, given: tuple[str, int, bool], option: str) -> None:
        with pytest.raises(SettingError, match=f"{option} cannot train infogan-digits: the gradient penalty of game"):
            require_allowed(make(**self.GP), *given)
        require_allowed(make(**self.GP), "bf16-mixed", 1, False)
        require_allowed(make(), *given)


class TestNorms:
    @pytest.mark.parametrize(
        ("norm", "kind"), [("layer", nn.GroupNorm), ("none", nn.Identity), ("spectral", nn.Identity)]
    )
    def test_takes_the_place_of_batch_norm_in_the_trunk(self, norm: str, kind: type[nn.Module]) -> None:
        batch, other = make(), make(**{"networks.norm": norm})
        places = [name for name, module in batch.critic.named_modules() if isinstance(module, _BatchNorm)]
        assert [name for name, module in other.critic.named_modules() if isinstance(module, kind)] == places
        biases = [module.bias for module in other.critic.modules() if isinstance(module, nn.Linear | nn.Conv2d)]
        assert all(bias is not None for bias in biases) == (norm != "layer")

    @pytest.mark.parametrize("norm", ["layer", "none"])
    def test_leaves_the_first_weights_as_they_are(self, norm: str) -> None:
        batch, other = make().state(), make(**{"networks.norm": norm}).state()
        assert torch.equal(batch["D.trunk.0.weight"], other["D.trunk.0.weight"])
        assert torch.equal(batch["D.q_head.0.weight"], other["D.q_head.0.weight"])

    def test_outputs_for_an_image_depend_on_no_other(self) -> None:
        for norm in ("layer", "none", "spectral"):
            D, images = make(**{"networks.norm": norm}).critic, real_images()
            D[0].eval()
            alone = D[1](D[0](images[:1]))
            torch.testing.assert_close(D[1](D[0](images))[:1], alone, atol=1e-5, rtol=1e-4)

    def test_spectral_norm_leaves_no_singular_value_over_1(self) -> None:
        model = make(**{"networks.norm": "spectral"})
        updates = Updates(model)
        for step in range(1, 4):
            updates(step)
        weighted = [
            module for module in model.networks["D"].trunk.modules() if isinstance(module, nn.Linear | nn.Conv2d)
        ]
        assert len(weighted) == 3
        for module in weighted:
            largest = np.linalg.svd(module.weight.detach().flatten(1).double().numpy(), compute_uv=False)[0]
            assert largest == pytest.approx(1, abs=0.05)

    def test_spectral_norm_depends_on_the_seed_alone(self) -> None:
        states = []
        for seed in (1, 2):
            torch.manual_seed(seed)
            states.append(make(**{"networks.norm": "spectral"}).state())
        assert all(torch.equal(value, states[1][key]) for key, value in states[0].items())


class TestAverages:
    def test_a_trained_model_has_the_average_of_the_weights(self) -> None:
        model = make(**{"model.ema_G": 0.5})
        updates, expected = Updates(model), None
        for step in (1, 2, 3):
            updates(step)
            now = model.networks["G"][0].weight.detach().double().clone()
            decay = min(0.5, (1 + step) / (10 + step))
            expected = now if expected is None else decay * expected + (1 - decay) * now
        raw = model.networks["D"].q_head[0].weight.clone()
        assert model.kept["average"].keys() == {f"G.{key}" for key, _ in model.networks["G"].named_parameters()}
        model.finish(torch.randint(0, 256, (200, *SHAPE), dtype=torch.uint8), seed=0)
        torch.testing.assert_close(model.networks["G"][0].weight.detach().double(), expected, atol=1e-6, rtol=0)
        assert torch.equal(model.networks["D"].q_head[0].weight, raw)
        assert not any("average" in key for key in model.state())

    def test_that_of_q_leaves_g_as_it_is(self) -> None:
        model = make(**{"model.ema_Q": 0.9})
        updates = Updates(model)
        updates(1)
        first = model.networks["D"].trunk[0].weight.detach().clone()
        updates(2)
        raw = deepcopy(model.networks)
        model.finish(torch.randint(0, 256, (200, *SHAPE), dtype=torch.uint8), seed=0)
        assert torch.equal(model.networks["G"][0].weight, raw["G"][0].weight)
        assert torch.equal(model.networks["D"].head.weight, raw["D"].head.weight)
        expected = 0.25 * first + 0.75 * raw["D"].trunk[0].weight
        torch.testing.assert_close(model.networks["D"].trunk[0].weight, expected)


def test_lambdas_rise_to_their_values() -> None:
    model, L_I = make(**{"model.lambda_warm_up": 100}), torch.tensor([1.0, 2.0, 3.0])
    assert [model.weigh(L_I, step).item() for step in (1, 50, 100, 1000)] == pytest.approx([0.015, 0.75, 1.5, 1.5])
    assert make().weigh(L_I, 1).item() == pytest.approx(1.5)


@pytest.mark.parametrize("name", GANS)
def test_off_no_option_changes_a_bit(name: str) -> None:
    """The same updates with every option set to what it is by default."""
    default, spelled = make(name), make(name, **{f"model.{key}": value for key, value in OFF.items()})
    for model in (default, spelled):
        updates = Updates(model)
        for step in (1, 2):
            updates(step)
    assert all(torch.equal(value, spelled.state()[key]) for key, value in default.state().items())


OFF = {
    "discriminator_steps": 1, "generator_steps": 1, "r1": 0.0, "lambda_warm_up": 0, "ema_G": 0.0, "ema_Q": 0.0,
    "instance_noise": 0.0, "instance_noise_steps": 100,
}  # fmt: skip
