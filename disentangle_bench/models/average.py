"""The exponential moving average of weights, which trained GANs are often better with."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


@torch.no_grad()
def follow(average: dict[str, Tensor], weights: Mapping[str, Tensor], decay: float, step: int) -> None:
    """Move an average towards weights, in place: `a <- b a + (1 - b) w` (arXiv:1806.04498).

    Early on, b is less than the decay, `(1 + step) / (10 + step)`, so that the first weights are soon forgotten.

    Args:
        average: by the weights' names; empty at first.
        weights: as of this step.
        decay: b.
        step: from 1.

    Example:
        >>> average = {}
        >>> for step, weight in enumerate((0.0, 11.0), start=1):
        ...     follow(average, {"w": torch.tensor(weight)}, 0.999, step)
        >>> average["w"].item()
        8.25
    """
    decay = min(decay, (1 + step) / (10 + step))
    for name, weight in weights.items():
        if name in average:
            average[name] = average[name].to(weight.device).lerp_(weight, 1 - decay)
        else:
            average[name] = weight.detach().clone()


@torch.no_grad()
def take_over(average: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> None:
    """Give weights the values of their average, in place."""
    for name, value in average.items():
        weights[name].copy_(value)
