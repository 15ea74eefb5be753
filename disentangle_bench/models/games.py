"""Adversarial games on logits: what D and G minimize, and what else D has to obey.

`D(x)` are D's logits, unbounded numbers, in all games; only those of arXiv:1406.2661 take their sigmoid. In games that
call D a critic, they are the critic's values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Critic = Callable[[Tensor], Tensor]
"""Images `(n, ...)` -> logits `(n,)`."""


@dataclass(frozen=True)
class Game:
    """What D and G minimize, and what else D has to obey.

    Attributes:
        source: the paper and the equations.
        D_loss: `(real_logits, fake_logits)`, each `(n,)`, -> D's loss.
        G_loss: `(fake_logits)` -> G's loss.
        gradient_penalty: the weight of the penalty on D's slopes between real and generated images, or 0.
        clip: the largest weight of D, to either side: after each of its steps they are clipped to it; or 0.
        batch_norm: whether D may have batch norm.
        discriminator_steps: of D for each step of G.
        won_below: the loss under which D always wins and G no longer learns, where a loss shows that.
        won_ratio: the share of G's loss under which it is so as well, where G's loss is positive.
        brings: what the source sets in a recipe, for one that changes to this game.
    """

    source: str
    D_loss: Callable[[Tensor, Tensor], Tensor]
    G_loss: Callable[[Tensor], Tensor]
    gradient_penalty: float = 0.0
    clip: float = 0.0
    batch_norm: bool = True
    discriminator_steps: int = 1
    won_below: float | None = None
    won_ratio: float | None = None
    brings: Mapping[str, Any] = field(default_factory=dict)


def cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    """`-E[ln s(D(x))] - E[ln(1 - s(D(G(z, c))))]`, in nats, with the sigmoid s."""
    return F.softplus(-real.float()).mean() + F.softplus(fake.float()).mean()


def non_saturating(fake: Tensor) -> Tensor:
    """`-E[ln s(D(G(z, c)))]`, in nats: a strong gradient while D still wins (arXiv:1406.2661, section 3)."""
    return F.softplus(-fake.float()).mean()


def minimax(fake: Tensor) -> Tensor:
    """`E[ln(1 - s(D(G(z, c))))]`, in nats: the value of the game itself (arXiv:1406.2661, eq. 1)."""
    return -F.softplus(fake.float()).mean()


def least_squares(real: Tensor, fake: Tensor) -> Tensor:
    """`E[(D(x) - 1)^2] / 2 + E[D(G(z, c))^2] / 2` (arXiv:1611.04076, eq. 9)."""
    return (real.float() - 1).square().mean() / 2 + fake.float().square().mean() / 2


def least_squares_to_real(fake: Tensor) -> Tensor:
    """`E[(D(G(z, c)) - 1)^2] / 2` (arXiv:1611.04076, eq. 9)."""
    return (fake.float() - 1).square().mean() / 2


def hinge(real: Tensor, fake: Tensor) -> Tensor:
    """`E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z, c)))]` (arXiv:1802.05957, eq. 16)."""
    return F.relu(1 - real.float()).mean() + F.relu(1 + fake.float()).mean()


def wasserstein(real: Tensor, fake: Tensor) -> Tensor:
    """`E[D(G(z, c))] - E[D(x)]`: minus what is, over D of slope 1, the distance (arXiv:1701.07875, eq. 2)."""
    return fake.float().mean() - real.float().mean()


def raise_logits(fake: Tensor) -> Tensor:
    """`-E[D(G(z, c))]` (arXiv:1701.07875, Algorithm 1; arXiv:1802.05957, eq. 17)."""
    return -fake.float().mean()


def slopes(critic: Critic, images: Tensor) -> Tensor:
    """The gradient of each logit with respect to its image, `(n, d)`, through which a loss can lead on to the weights.

    Of a critic with batch norm, a logit depends on all images of the batch, and this is no longer so.
    """
    images = images.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(images).float().sum(), images, create_graph=True)
    return gradient.float().flatten(1)


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    """`E[(|grad D(x^)| - 1)^2]` with `x^ = e x + (1 - e) G(z, c)` (arXiv:1704.00028, eq. 3).

    Args:
        critic: images -> logits.
        real: `(n, ...)`.
        fake: `(n, ...)`.
        share: `e` of each pair, uniform on [0, 1], `(n,)`.

    Example:
        The slope of `3 x1 + 4 x2` is 5 everywhere:

        >>> import torch
        >>> points = torch.zeros(2, 2)
        >>> float(gradient_penalty(lambda x: x @ torch.tensor([3.0, 4.0]), points, points + 1, torch.rand(2)))
        16.0
    """
    share = share.reshape(-1, *[1] * (real.dim() - 1))
    between = share * real + (1 - share) * fake.detach()
    steepness: Tensor = torch.linalg.vector_norm(slopes(critic, between), dim=1)
    return (steepness - 1).square().mean()


def zero_centered_penalty(critic: Critic, real: Tensor) -> Tensor:
    """R1: `E[|grad D(x)|^2] / 2` on real images (arXiv:1801.04406, eq. 9, with a weight of 1)."""
    squares = slopes(critic, real).square().sum(dim=1)
    return squares.mean() / 2


@torch.no_grad()
def clip_weights(weights: Iterable[Tensor], largest: float) -> None:
    """Clip weights to `[-largest, largest]`, in place."""
    for weight in weights:
        weight.clamp_(-largest, largest)


RMSPROP = {"kind": "rmsprop", "lr": 5e-5}
ADAM = {"kind": "adam", "lr": 1e-4, "beta1": 0.0, "beta2": 0.9}

GameName = Literal["nsgan", "minimax", "lsgan", "hinge", "wgan", "wgan-gp"]
GAMES: dict[GameName, Game] = {
    "nsgan": Game("arXiv:1406.2661, section 3", cross_entropy, non_saturating, won_below=1e-3, won_ratio=0.01),
    "minimax": Game("arXiv:1406.2661, eq. 1", cross_entropy, minimax, won_below=1e-3),
    "lsgan": Game("arXiv:1611.04076, eq. 9", least_squares, least_squares_to_real, won_below=1e-3),
    "hinge": Game("arXiv:1802.05957, eq. 16 and 17", hinge, raise_logits, won_below=1e-3),
    "wgan": Game(
        "arXiv:1701.07875, Algorithm 1",
        wasserstein,
        raise_logits,
        clip=0.01,
        discriminator_steps=5,
        brings={"optimizer": {"D": RMSPROP, "G": RMSPROP}},
    ),
    "wgan-gp": Game(
        "arXiv:1704.00028, Algorithm 1",
        wasserstein,
        raise_logits,
        gradient_penalty=10.0,
        batch_norm=False,
        discriminator_steps=5,
        brings={"optimizer": {"D": ADAM, "G": ADAM}, "networks": {"norm": "layer"}},
    ),
}
