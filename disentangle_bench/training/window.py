"""What the updates saw since the last log entry."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from disentangle_bench.models.infogan import Losses


class Window:
    """Sums of losses and of `L_I`; they stay on the device until they are read.

    Args:
        codes: number of codes.
        device: of training.
    """

    def __init__(self, codes: int, device: torch.device) -> None:
        self.steps = 0
        self.sums = torch.zeros(2 + codes, device=device)
        self.parameters: Tensor | None = None
        self._before = 0.0
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return self._before + time.perf_counter() - self._started

    def add(self, losses: Losses) -> None:
        """Add one update."""
        self.sums = self.sums + torch.cat([torch.stack([losses.discriminator, losses.generator]), losses.information])
        self.steps += 1
        self.parameters = losses.parameters

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """What a checkpoint keeps of it, so that a resumed run logs the same: tensors and extras."""
        return {"window.sums": self.sums}, {"window": {"steps": self.steps, "seconds": self.seconds}}

    def restore(self, tensors: Mapping[str, Tensor], extras: Mapping[str, Any]) -> None:
        """Go on with what `state` gave."""
        self.sums = tensors["window.sums"].to(self.sums.device)
        self.steps, self._before = int(extras["window"]["steps"]), float(extras["window"]["seconds"])
