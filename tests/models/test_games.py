"""The adversarial losses against their definitions in double precision."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from disentangle_bench.errors import SettingError
from disentangle_bench.models import make_model
from disentangle_bench.models.games import GAMES, GameName
from disentangle_bench.models.recipes import find_recipe

Logits = NDArray[np.float64]
logits = arrays.arrays(np.float64, st.integers(1, 40), elements=st.floats(-15, 15))


def d(values: Logits) -> Logits:
    """`D(x)`: the probability that an image is real."""
    return 1 / (1 + np.exp(-values))


GENERATORS = {
    "nsgan": lambda fake: -np.log(d(fake)).mean(),
    "minimax": lambda fake: np.log(1 - d(fake)).mean(),
}
GRADIENTS = {"nsgan": lambda fake: -(1 - d(fake)) / len(fake), "minimax": lambda fake: -d(fake) / len(fake)}


def test_each_game_is_checked_here() -> None:
    assert set(GAMES) == set(get_args(GameName)) == set(GENERATORS)


def test_a_model_refuses_a_game_that_does_not_exist() -> None:
    recipe = find_recipe("infogan-digits").with_settings({"model.game": "wgan"})
    with pytest.raises(SettingError, match="game = 'wgan' of the model 'infogan' is invalid"):
        make_model(recipe, (1, 8, 8))


@pytest.mark.parametrize("name", sorted(GAMES))
class TestLosses:
    @given(real=logits, fake=logits)
    def test_discriminator(self, name: str, real: Logits, fake: Logits) -> None:
        loss = GAMES[name].D_loss(torch.from_numpy(real), torch.from_numpy(fake))
        assert loss.item() == pytest.approx(-np.log(d(real)).mean() - np.log(1 - d(fake)).mean(), rel=1e-5, abs=1e-7)

    @given(fake=logits)
    def test_generator(self, name: str, fake: Logits) -> None:
        loss = GAMES[name].G_loss(torch.from_numpy(fake))
        assert loss.item() == pytest.approx(GENERATORS[name](fake), rel=1e-5, abs=1e-7)

    @given(fake=logits)
    def test_gradient_of_the_generator(self, name: str, fake: Logits) -> None:
        given_logits = torch.from_numpy(fake).requires_grad_()
        GAMES[name].G_loss(given_logits).backward()
        assert given_logits.grad is not None
        np.testing.assert_allclose(given_logits.grad.numpy(), GRADIENTS[name](fake), rtol=1e-5, atol=1e-9)

    def test_an_undecided_discriminator(self, name: str) -> None:
        zero = torch.zeros(7)
        assert GAMES[name].D_loss(zero, zero).item() == pytest.approx(2 * math.log(2))
        sign = {"nsgan": 1, "minimax": -1}[name]
        assert GAMES[name].G_loss(zero).item() == pytest.approx(sign * math.log(2))

    def test_huge_logits_give_finite_losses_and_gradients(self, name: str) -> None:
        fake = torch.tensor([1e4, -1e4]).requires_grad_()
        loss = GAMES[name].G_loss(fake) + GAMES[name].D_loss(fake, -fake)
        loss.backward()
        assert loss.isfinite()
        assert fake.grad is not None
        assert fake.grad.isfinite().all()

    def test_half_precision_logits_are_summed_in_single(self, name: str) -> None:
        fake = torch.full((1000,), 0.1, dtype=torch.bfloat16)
        loss = GAMES[name].G_loss(fake)
        assert loss.dtype == torch.float32
        assert loss.item() == pytest.approx(GENERATORS[name](fake.double().numpy()), rel=1e-5)


def test_while_d_wins_only_the_non_saturating_loss_still_teaches() -> None:
    fake = torch.tensor([-10.0])
    slopes = {}
    for name, game in GAMES.items():
        given_logits = fake.clone().requires_grad_()
        game.G_loss(given_logits).backward()
        assert given_logits.grad is not None
        slopes[name] = -given_logits.grad.item()
    assert slopes["nsgan"] == pytest.approx(1, abs=1e-4)
    assert slopes["minimax"] == pytest.approx(math.exp(-10), rel=1e-3)
