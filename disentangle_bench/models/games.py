"""Adversarial games on logits: what D and G minimize (arXiv:1406.2661)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn


def no_penalty(D: nn.Module, real: Tensor, fake: Tensor) -> Tensor | float:
    """D is free."""
    return 0.0


def unconstrained(D: nn.Module) -> None:
    """D's weights stay as its step left them."""


@dataclass(frozen=True)
class Game:
    """What D and G minimize, and what else D has to obey.

    Attributes:
        D_loss: `(real_logits, fake_logits)`, each `(n,)`, -> D's loss.
        G_loss: `(fake_logits)` -> G's loss.
        penalty: `(D, real, fake)` -> a term that is added to D's loss, such as one on its gradient.
        constrain: changes D's weights in place after each of its steps, such as by clipping.
        discriminator_steps: of D for each step of G.
        won_below: the loss under which D always wins and G no longer learns, where a loss shows that.
        won_ratio: the share of G's loss under which it is so as well, where G's loss is positive.
    """

    D_loss: Callable[[Tensor, Tensor], Tensor]
    G_loss: Callable[[Tensor], Tensor]
    penalty: Callable[[nn.Module, Tensor, Tensor], Tensor | float] = no_penalty
    constrain: Callable[[nn.Module], None] = unconstrained
    discriminator_steps: int = 1
    won_below: float | None = None
    won_ratio: float | None = None


def cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    """`-E[ln D(x)] - E[ln(1 - D(G(z, c)))]`, in nats, with D the sigmoid of the logits."""
    return F.softplus(-real.float()).mean() + F.softplus(fake.float()).mean()


def non_saturating(fake: Tensor) -> Tensor:
    """`-E[ln D(G(z, c))]`, in nats: a strong gradient while D still wins (arXiv:1406.2661, section 3)."""
    return F.softplus(-fake.float()).mean()


def minimax(fake: Tensor) -> Tensor:
    """`E[ln(1 - D(G(z, c)))]`, in nats: the value of the game itself (arXiv:1406.2661, eq. 1)."""
    return -F.softplus(fake.float()).mean()


GameName = Literal["nsgan", "minimax"]
GAMES: dict[GameName, Game] = {
    "nsgan": Game(cross_entropy, non_saturating, won_below=1e-3, won_ratio=0.01),
    "minimax": Game(cross_entropy, minimax, won_below=1e-3),
}
