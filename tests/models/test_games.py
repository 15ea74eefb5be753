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
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from torch import Tensor, nn

from disentangle_bench.errors import SettingError
from disentangle_bench.models import make_model
from disentangle_bench.models.games import GAMES, GameName, clip_weights, gradient_penalty, zero_centered_penalty
from disentangle_bench.models.recipes import find_recipe, with_settings

Logits = NDArray[np.float64]
logits = arrays.arrays(np.float64, st.integers(1, 40), elements=st.floats(-15, 15))


def d(values: Logits) -> Logits:
    """`D(x)`: the probability that an image is real."""
    return 1 / (1 + np.exp(-values))


DISCRIMINATORS = {
    "nsgan": lambda real, fake: -np.log(d(real)).mean() - np.log(1 - d(fake)).mean(),
    "minimax": lambda real, fake: -np.log(d(real)).mean() - np.log(1 - d(fake)).mean(),
    "lsgan": lambda real, fake: 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean(),
    "hinge": lambda real, fake: -np.minimum(0, real - 1).mean() - np.minimum(0, -fake - 1).mean(),
    "wgan": lambda real, fake: fake.mean() - real.mean(),
    "wgan-gp": lambda real, fake: fake.mean() - real.mean(),
}
GENERATORS = {
    "nsgan": lambda fake: -np.log(d(fake)).mean(),
    "minimax": lambda fake: np.log(1 - d(fake)).mean(),
    "lsgan": lambda fake: 0.5 * ((fake - 1) ** 2).mean(),
    "hinge": lambda fake: -fake.mean(),
    "wgan": lambda fake: -fake.mean(),
    "wgan-gp": lambda fake: -fake.mean(),
}
GRADIENTS = {
    "nsgan": lambda fake: -(1 - d(fake)) / len(fake),
    "minimax": lambda fake: -d(fake) / len(fake),
    "lsgan": lambda fake: (fake - 1) / len(fake),
    "hinge": lambda fake: -np.ones_like(fake) / len(fake),
    "wgan": lambda fake: -np.ones_like(fake) / len(fake),
    "wgan-gp": lambda fake: -np.ones_like(fake) / len(fake),
}
UNDECIDED = {
    "nsgan": (2 * math.log(2), math.log(2)),
    "minimax": (2 * math.log(2), -math.log(2)),
    "lsgan": (0.5, 0.5),
    "hinge": (2, 0),
    "wgan": (0, 0),
    "wgan-gp": (0, 0),
}
"""The losses of D and G where every logit is 0."""


def test_each_game_is_checked_here() -> None:
    assert set(GAMES) == set(get_args(GameName)) == set(DISCRIMINATORS) == set(GENERATORS) == set(GRADIENTS)
    assert all("arXiv:" in game.source for game in GAMES.values())


def test_a_model_refuses_a_game_that_does_not_exist() -> None:
    recipe = with_settings(find_recipe("infogan-digits"), {"model.game": "chess"})
    with pytest.raises(SettingError, match="game = 'chess' of the model 'infogan' is invalid"):
        make_model(recipe, (1, 8, 8))


@pytest.mark.parametrize("name", sorted(GAMES))
class TestLosses:
    @given(real=logits, fake=logits)
    def test_discriminator(self, name: str, real: Logits, fake: Logits) -> None:
        loss = GAMES[name].D_loss(torch.from_numpy(real), torch.from_numpy(fake))
        assert loss.item() == pytest.approx(DISCRIMINATORS[name](real, fake), rel=1e-5, abs=1e-5)

    @given(fake=logits)
    def test_generator(self, name: str, fake: Logits) -> None:
        loss = GAMES[name].G_loss(torch.from_numpy(fake))
        assert loss.item() == pytest.approx(GENERATORS[name](fake), rel=1e-5, abs=1e-5)

    @given(fake=logits)
    def test_gradient_of_the_generator(self, name: str, fake: Logits) -> None:
        given_logits = torch.from_numpy(fake).requires_grad_()
        GAMES[name].G_loss(given_logits).backward()
        assert given_logits.grad is not None
        np.testing.assert_allclose(given_logits.grad.numpy(), GRADIENTS[name](fake), rtol=1e-5, atol=1e-7)

    def test_an_undecided_discriminator(self, name: str) -> None:
        zero = torch.zeros(7)
        losses = GAMES[name].D_loss(zero, zero).item(), GAMES[name].G_loss(zero).item()
        assert losses == pytest.approx(UNDECIDED[name])

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


def test_while_d_wins_only_minimax_no_longer_teaches() -> None:
    slopes = {}
    for name, game in GAMES.items():
        fake = torch.tensor([-10.0]).requires_grad_()
        game.G_loss(fake).backward()
        assert fake.grad is not None
        slopes[name] = -fake.grad.item()
    assert slopes.pop("minimax") == pytest.approx(math.exp(-10), rel=1e-3)
    assert min(slopes.values()) == pytest.approx(1, abs=1e-4)


class TestPenalties:
    """Against closed forms: the slope of a linear critic is its weights, that of a quadratic form `2 A x`."""

    @given(
        weights=arrays.arrays(np.float64, 3, elements=st.floats(-3, 3)),
        share=arrays.arrays(np.float64, 5, elements=st.floats(0, 1)),
    )
    def test_of_a_linear_critic(self, weights: Logits, share: Logits) -> None:
        w, real, fake = (
            torch.from_numpy(weights).requires_grad_(),
            torch.ones(5, 3).double(),
            torch.zeros(5, 3).double(),
        )
        penalty = gradient_penalty(lambda x: x @ w + 7, real, fake, torch.from_numpy(share))
        length = np.linalg.norm(weights)
        assert penalty.item() == pytest.approx((length - 1) ** 2, rel=1e-5, abs=1e-6)
        assert zero_centered_penalty(lambda x: x @ w + 7, real).item() == pytest.approx(
            length**2 / 2, rel=1e-5, abs=1e-6
        )
        (slope,) = torch.autograd.grad(penalty, w)
        if length > 1e-3:
            np.testing.assert_allclose(slope.numpy(), 2 * (length - 1) * weights / length, rtol=1e-4, atol=1e-5)

    def test_is_taken_between_real_and_generated_images(self) -> None:
        """Where a critic is quadratic, its slope says where it was taken."""
        real, fake, share = (
            torch.full((4, 1, 1, 1), 3.0),
            torch.full((4, 1, 1, 1), 1.0),
            torch.tensor([0, 0.25, 0.5, 1]),
        )
        penalty = gradient_penalty(lambda x: x.square().flatten(1).sum(1), real, fake, share)
        at = np.array([1, 1.5, 2, 3])
        assert penalty.item() == pytest.approx(((2 * at - 1) ** 2).mean())
        assert zero_centered_penalty(lambda x: x.square().flatten(1).sum(1), real).item() == pytest.approx(36 / 2)

    def test_leads_to_the_weights_and_not_to_g(self) -> None:
        critic, fake = (
            nn.Sequential(nn.Linear(2, 8), nn.Softplus(), nn.Linear(8, 1)),
            torch.ones(4, 2, requires_grad=True),
        )
        gradient_penalty(lambda x: critic(x).squeeze(1), torch.zeros(4, 2), fake, torch.rand(4)).backward()
        assert fake.grad is None
        assert critic[0].weight.grad is not None
        assert critic[0].weight.grad.any()

    def test_a_critic_without_slope_has_finite_gradients(self) -> None:
        w = torch.zeros(3, requires_grad=True)
        gradient_penalty(lambda x: x @ w, torch.ones(2, 3), torch.zeros(2, 3), torch.rand(2)).backward()
        assert w.grad is not None
        assert w.grad.isfinite().all()


def test_clipping_leaves_small_weights_alone() -> None:
    weights = [torch.tensor([-5.0, -0.01, 0.003, 0.0, 2.0]), torch.tensor([[0.02]])]
    clip_weights(weights, 0.01)
    assert [part.flatten().tolist() for part in weights] == [
        pytest.approx([-0.01, -0.01, 0.003, 0, 0.01]),
        [pytest.approx(0.01)],
    ]


class TestDisjointLines:
    """The example of arXiv:1701.07875: the segments `(0, y)` and `(distance, y)` for y in [0, 1]."""

    def lines(self, distance: float) -> tuple[Logits, Logits]:
        y = np.linspace(0, 1, 500)
        return np.stack([np.zeros_like(y), y], axis=1), np.stack([np.full_like(y, distance), y], axis=1)

    @pytest.mark.parametrize("distance", [0.01, 0.5, 1.0, 4.0])
    def test_js_stays_at_ln_2_whatever_the_distance(self, distance: float) -> None:
        """The optimal D, `ln p(x) - ln q(x)`, is infinite on either line; then `JS = ln 2 - D's loss / 2`."""
        real, fake = self.lines(distance)
        logits_of = [torch.from_numpy(np.where(rows[:, 0] == 0, 50.0, -50.0)) for rows in (real, fake)]
        assert math.log(2) - GAMES["nsgan"].D_loss(*logits_of).item() / 2 == pytest.approx(math.log(2), abs=1e-12)

    @pytest.mark.parametrize("distance", [0.01, 0.5, 1.0, 4.0])
    def test_the_wasserstein_critics_value_is_the_distance(self, distance: float) -> None:
        """The optimal critic of slope 1 falls from one line to the other: `-x1`."""
        real, fake = self.lines(distance)
        logits_of = [torch.from_numpy(-rows[:, 0]) for rows in (real, fake)]
        assert -GAMES["wgan-gp"].D_loss(*logits_of).item() == pytest.approx(distance, rel=1e-6)
        pairs = linear_sum_assignment(cdist(real, fake))  # the distance itself, by optimal transport
        assert cdist(real, fake)[pairs].mean() == pytest.approx(distance, rel=1e-9)

    @pytest.mark.slow
    @pytest.mark.parametrize("distance", [0.5, 2.0])
    def test_a_critic_that_learns_with_the_penalty_finds_the_distance(self, distance: float) -> None:
        """Of slope k, it gains `k d - 10 (k - 1)^2`, which is largest at `k = 1 + d / 20`."""
        real, fake = (torch.from_numpy(rows).float() for rows in self.lines(distance))
        found = learned_distance("wgan-gp", real, fake)
        assert found == pytest.approx(distance * (1 + distance / 20), rel=0.03)

    @pytest.mark.slow
    def test_a_discriminator_that_learns_finds_ln_2(self) -> None:
        for distance in (0.5, 2.0):
            real, fake = (torch.from_numpy(rows).float() for rows in self.lines(distance))
            assert math.log(2) + learned_distance("nsgan", real, fake) / 2 == pytest.approx(math.log(2), abs=0.02)


def learned_distance(name: GameName, real: Tensor, fake: Tensor) -> float:
    """Minus the loss of a small D that has learned to tell two sets of points: the mean over its last 100 steps."""
    torch.manual_seed(0)
    D = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    adam, game = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.9)), GAMES[name]
    losses = []
    for _ in range(600):
        logits_of = D(real).squeeze(1), D(fake).squeeze(1)
        loss = game.D_loss(*logits_of)
        adam.zero_grad()
        if game.gradient_penalty:
            penalty = gradient_penalty(lambda x: D(x).squeeze(1), real, fake, torch.rand(len(real)))
            (loss + game.gradient_penalty * penalty).backward()
        else:
            loss.backward()
        adam.step()
        losses.append(loss.item())
    return -float(np.mean(losses[-100:]))
