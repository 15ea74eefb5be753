"""The contract of models: what an update draws, and how players move."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from disentangle_bench.means import Mean, log_values
from disentangle_bench.models.model import Draw, Means, Model, Play, Player, part
from disentangle_bench.models.optimizers import make_optimizers
from disentangle_bench.models.recipes import find_recipe
from tests.models.updates import CPU, Noise


class Shared(Model):
    """Two linear networks; one player trains both, the other the first layer of one."""

    summary: ClassVar[str] = "For tests."
    source: ClassVar[str] = "none"

    def __init__(self, batches: int = 1) -> None:
        settings = {"optimizer": {"all": {"lr": 0.1}, "part": {"lr": 0.1}}}
        recipe = find_recipe("infogan-digits")
        super().__init__(recipe.model_validate({**recipe.to_values(), **settings}), (1, 8, 8))
        self.batches = batches
        self.networks = {"E": nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1)), "F": nn.Linear(1, 1)}
        self.players = {"all": Player(("E", "F"), "all"), "part": Player(("E.0",), "part")}
        self.means = ()

    def update(self, draw: Draw, play: Play) -> Means:
        raise NotImplementedError

    def parts(self) -> dict[str, Callable[[Tensor], Tensor]]:
        return {}


class TestDraw:
    def draw(self, step: int = 1, batches: int = 1, share: slice = slice(None), seed: int = 0) -> Draw:
        return Draw(Shared(batches), Noise(share=share), CPU, seed=seed, step=step)

    def test_is_a_function_of_seed_step_and_call(self) -> None:
        seen: list[Tensor] = []
        for step, seed in ((1, 0), (2, 0), (1, 1)):
            draw, again = self.draw(step, seed=seed), self.draw(step, seed=seed)
            for _ in range(2):
                drawn = draw.normal(4, 5)
                assert drawn.shape == (16, 4, 5)
                assert torch.equal(drawn, again.normal(4, 5))
                latents = draw.latents()
                assert torch.equal(latents.noise, again.latents().noise)
                seen += [drawn, latents.noise]
        assert not any(torch.equal(one, two) for place, one in enumerate(seen) for two in seen[:place])
        assert torch.cat([part.flatten() for part in seen[::2]]).std() == pytest.approx(1, abs=0.05)

    def test_uniform_numbers_are_too(self) -> None:
        draw, again = self.draw(), self.draw()
        first, second = draw.uniform(500), draw.uniform(500)
        assert torch.equal(first, again.uniform(500))
        assert torch.equal(second, again.uniform(500))
        others = (second, self.draw(step=2).uniform(500), self.draw(seed=1).uniform(500))
        assert not any(torch.equal(first, other) for other in others)
        assert 0 <= float(first.min()) <= float(first.max()) < 1
        assert (float(first.mean()), float(first.var())) == pytest.approx((1 / 2, 1 / 12), abs=0.01)

    def test_one_purpose_does_not_shift_another(self) -> None:
        draw, other = self.draw(), self.draw()
        draw.latents()
        assert torch.equal(draw.normal(3), other.normal(3))

    def test_real_images_come_in_the_order_of_the_batches(self) -> None:
        """With three batches a step, the second step draws the fourth to the sixth."""
        draw = self.draw(step=2, batches=3)
        for number in (4, 5, 6):
            assert torch.equal(draw.real(), Noise().at(number))
        with pytest.raises(RuntimeError, match="than the 3 that its model declares"):
            draw.real()

    def test_processes_share_the_rows(self) -> None:
        first, second = (self.draw(share=slice(start, start + 8)) for start in (0, 8))
        whole = self.draw()
        assert torch.equal(torch.cat([first.normal(2), second.normal(2)]), whole.normal(2))
        assert torch.equal(torch.cat([first.uniform(2), second.uniform(2)]), whole.uniform(2))
        assert torch.equal(torch.cat([first.latents().noise, second.latents().noise]), whole.latents().noise)
        assert torch.equal(torch.cat([first.real(), second.real()]), whole.real())


class TestPlay:
    @pytest.fixture
    def model(self) -> Model:
        return Shared()

    @pytest.fixture
    def play(self, model: Model) -> Play:
        return Play(model.networks, model.networks, make_optimizers(model), Tensor.backward)

    def moved(self, model: Model, move: Callable[[], object]) -> set[str]:
        before = {name: value.clone() for name, value in model.state().items()}
        move()
        return {name for name, value in model.state().items() if not torch.equal(value, before[name])}

    def test_calls_networks_by_name(self, model: Model, play: Play) -> None:
        assert play.E is model.networks["E"]
        with pytest.raises(AttributeError, match="no network 'H'; there are E, F"):
            play.H  # noqa: B018

    def test_a_player_moves_its_weights_and_no_others(self, model: Model, play: Play) -> None:
        def loss() -> Tensor:
            return play.F(play.E(torch.ones(4, 3))).sum()

        everything = {"E.0.weight", "E.0.bias", "E.1.weight", "E.1.bias", "F.weight", "F.bias"}
        assert self.moved(model, lambda: play.minimise("all", loss())) == everything
        assert self.moved(model, lambda: play.minimise("part", loss())) == {"E.0.weight", "E.0.bias"}

    def test_weights_in_lower_precision_follow_a_step(self, play: Play) -> None:
        """Autocast keeps them, and a second step in one update would start from the weights before the first."""
        images = torch.ones(4, 3)
        with torch.autocast("cpu", torch.bfloat16):
            play.minimise("all", play.F(play.E(images)).sum())
            outputs = play.E(images)
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(outputs, play.E(images))

    def test_gradients_from_before_are_dropped(self, model: Model, play: Play) -> None:
        play.F(torch.ones(2, 1)).sum().backward()
        assert self.moved(model, lambda: play.minimise("all", play.E(torch.ones(4, 3)).sum())) >= {"E.0.weight"}
        assert model.networks["F"].weight.grad is None

    def test_gradients_pass_through_what_is_frozen_and_leave_none(self, play: Play) -> None:
        inputs = torch.ones(2, 3, requires_grad=True)
        with play.frozen("E") as E:
            E(inputs).sum().backward()
        assert inputs.grad is not None
        assert inputs.grad.any()
        assert all(weight.grad is None for weight in E.parameters())

    def test_what_learned_before_learns_again_even_after_an_exception(self, model: Model, play: Play) -> None:
        model.networks["E"][0].requires_grad_(False)

        def fail() -> None:
            with play.frozen("E") as E:
                assert not any(weight.requires_grad for weight in E.parameters())
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert [weight.requires_grad for weight in model.networks["E"].parameters()] == [False, False, True, True]


def test_a_state_comes_back_and_other_tensors_are_ignored() -> None:
    model, other = Shared(), Shared()
    other.load({**model.state(), "all_optimizer.0.step": torch.ones(1)})
    assert all(torch.equal(value, other.state()[name]) for name, value in model.state().items())
    with pytest.raises(RuntimeError):
        other.load({name: value for name, value in model.state().items() if not name.startswith("F.")})


def test_a_part_has_whole_names() -> None:
    tensors = {"G.a": torch.zeros(1), "G_optimizer.0.step": torch.ones(1), "D.a": torch.ones(1)}
    assert part("G", tensors).keys() == {"a"}


def test_means_of_a_group_are_nested_in_the_log() -> None:
    means = [Mean("loss", label="D"), Mean("c1", "L_I"), Mean("c2", "L_I")]
    assert [mean.key for mean in means] == ["loss", "L_I/c1", "L_I/c2"]
    assert [str(mean) for mean in means] == ["loss", "L_I of c1", "L_I of c2"]
    values = {"loss": 1.0, "L_I/c1": 2.0, "L_I/c2": 3.0}
    assert log_values(means, values) == {"loss": 1.0, "L_I": {"c1": 2.0, "c2": 3.0}}
