"""Each game is played to its end: G learns distributions of points in the plane."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LinearLR

from disentangle_bench.models.games import GAMES, Game, GameName, clip_weights, gradient_penalty

pytestmark = pytest.mark.slow

BATCH, STEPS = 128, 700
MEAN, COVARIANCE = torch.tensor([1.0, -0.5]), torch.tensor([[0.5, 0.3], [0.3, 0.4]])
RING = torch.tensor([[math.cos(a), math.sin(a)] for a in torch.arange(8) * math.pi / 4])
Points = Callable[[int], Tensor]


def shifted_gaussian(n: int) -> Tensor:
    return MEAN + torch.randn(n, 2) @ torch.linalg.cholesky(COVARIANCE).T


def ring(n: int) -> Tensor:
    return RING[torch.randint(8, (n,))] + 0.1 * torch.randn(n, 2)


def network(outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, outputs)
    )


def optimizer(game: Game, weights: nn.Module, lr: float) -> torch.optim.Optimizer:
    """Of the kind that the game brings, faster than for images."""
    if game.clip:
        return torch.optim.RMSprop(weights.parameters(), lr=lr / 4)
    return torch.optim.Adam(weights.parameters(), lr=lr, betas=(0.0, 0.9) if game.gradient_penalty else (0.5, 0.999))


def play(name: GameName, G: nn.Module, points: Points, *, lr: float, steps: int) -> None:
    """Play a game with a small D; the learning rates fall linearly to 0, so that nothing turns round at the end."""
    game, D = GAMES[name], network(1)
    G_optimizer, D_optimizer = optimizer(game, G, lr), optimizer(game, D, lr)
    falling = [LinearLR(each, 1.0, 0.01, steps) for each in (G_optimizer, D_optimizer)]

    def critic(x: Tensor) -> Tensor:
        values: Tensor = D(x).squeeze(1)
        return values

    for _ in range(steps):
        for _ in range(game.discriminator_steps):
            real, fake = points(BATCH), G(torch.randn(BATCH, 2)).detach()
            loss = game.D_loss(critic(real), critic(fake))
            if game.gradient_penalty:
                loss = loss + game.gradient_penalty * gradient_penalty(critic, real, fake, torch.rand(BATCH))
            D_optimizer.zero_grad()
            loss.backward()
            D_optimizer.step()
            if game.clip:
                clip_weights(D.parameters(), 10 * game.clip)  # wide and deep critics are steep with smaller weights
        G_optimizer.zero_grad()
        game.G_loss(critic(G(torch.randn(BATCH, 2)))).backward()
        G_optimizer.step()
        for schedule in falling:
            schedule.step()


@pytest.mark.parametrize("name", sorted(GAMES))
def test_the_moments_of_a_gaussian(name: GameName) -> None:
    """G is affine, so that the moments of its points are known."""
    torch.manual_seed(0)
    G = nn.Linear(2, 2)
    play(name, G, shifted_gaussian, lr=1e-2, steps=STEPS)
    torch.testing.assert_close(G.bias.detach(), MEAN, atol=0.2, rtol=0)
    torch.testing.assert_close((G.weight @ G.weight.T).detach(), COVARIANCE, atol=0.2, rtol=0)


def test_all_modes_of_a_ring() -> None:
    torch.manual_seed(0)
    G = network(2)
    play("nsgan", G, ring, lr=1e-3, steps=2 * STEPS)
    with torch.no_grad():
        distances = torch.cdist(G(torch.randn(4000, 2)), RING)
    near = distances.min(dim=1).values < 0.4
    assert near.float().mean() > 0.8
    assert (distances.argmin(dim=1)[near].bincount(minlength=8) > 4000 / 8 / 4).all()
