"""Adversarial objectives on logits: what D and G minimise (arXiv:1406.2661)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Objective:
    """Two losses, in nats: `discriminator(real_logits, fake_logits)` and `generator(fake_logits)`."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]


def _discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """`-E[ln D(x)] - E[ln(1 - D(G(z, c)))]`, with D the sigmoid of the logits."""
    return F.softplus(-real.float()).mean() + F.softplus(fake.float()).mean()


def _non_saturating(fake: Tensor) -> Tensor:
    """`-E[ln D(G(z, c))]`: a strong gradient while D still wins (arXiv:1406.2661, section 3)."""
    return F.softplus(-fake.float()).mean()


def _minimax(fake: Tensor) -> Tensor:
    """`E[ln(1 - D(G(z, c)))]`: the value of the game itself (arXiv:1406.2661, eq. 1)."""
    return -F.softplus(fake.float()).mean()


OBJECTIVES = {
    "nsgan": Objective(_discriminator_loss, _non_saturating),
    "minimax": Objective(_discriminator_loss, _minimax),
}
