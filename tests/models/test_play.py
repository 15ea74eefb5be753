"""How players move: their own weights and no others, and through what is frozen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from disentangle_bench.models.model import Model
from disentangle_bench.models.optimizers import make_optimizers
from disentangle_bench.models.play import Play
from tests.models.two_players import TwoPlayers


@pytest.fixture
def model() -> Model:
    return TwoPlayers()


@pytest.fixture
def play(model: Model) -> Play:
    return Play(model.networks, model.networks, make_optimizers(model), Tensor.backward)


def moved(model: Model, move: Callable[[], object]) -> set[str]:
    before = {name: value.clone() for name, value in model.state().items()}
    move()
    return {name for name, value in model.state().items() if not torch.equal(value, before[name])}


def test_calls_networks_by_name(model: Model, play: Play) -> None:
    assert play.E is model.networks["E"]
    with pytest.raises(AttributeError, match="no network 'H'; there are E, F"):
        play.H  # noqa: B018


def test_a_player_moves_its_weights_and_no_others(model: Model, play: Play) -> None:
    def loss() -> Tensor:
        return play.F(play.E(torch.ones(4, 3))).sum()

    everything = {"E.0.weight", "E.0.bias", "E.1.weight", "E.1.bias", "F.weight", "F.bias"}
    assert moved(model, lambda: play.minimise("all", loss())) == everything
    assert moved(model, lambda: play.minimise("part", loss())) == {"E.0.weight", "E.0.bias"}


def test_weights_in_lower_precision_follow_a_step(play: Play) -> None:
    """Autocast keeps them, and a second step in one update would start from the weights before the first."""
    images = torch.ones(4, 3)
    with torch.autocast("cpu", torch.bfloat16):
        play.minimise("all", play.F(play.E(images)).sum())
        outputs = play.E(images)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(outputs, play.E(images))


def test_gradients_from_before_are_dropped(model: Model, play: Play) -> None:
    play.F(torch.ones(2, 1)).sum().backward()
    assert moved(model, lambda: play.minimise("all", play.E(torch.ones(4, 3)).sum())) >= {"E.0.weight"}
    assert model.networks["F"].weight.grad is None


def test_gradients_pass_through_what_is_frozen_and_leave_none(play: Play) -> None:
    inputs = torch.ones(2, 3, requires_grad=True)
    with play.frozen("E") as E:
        E(inputs).sum().backward()
    assert inputs.grad is not None
    assert inputs.grad.any()
    assert all(weight.grad is None for weight in E.parameters())


def test_what_learned_before_learns_again_even_after_an_exception(model: Model, play: Play) -> None:
    model.networks["E"][0].requires_grad_(False)

    def fail() -> None:
        with play.frozen("E") as E:
            assert not any(weight.requires_grad for weight in E.parameters())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [weight.requires_grad for weight in model.networks["E"].parameters()] == [False, False, True, True]
