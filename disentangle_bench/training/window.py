"""What the updates reported since the last log entry."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from disentangle_bench.errors import DbenchError


class Window:
    """Sums of what updates report; they stay on the device until they are read.

    Args:
        keys: of what they report, in order.
        device: of training.
    """

    def __init__(self, keys: Sequence[str], device: torch.device) -> None:
        self.keys = tuple(keys)
        self.steps = 0
        self.sums = torch.zeros(len(self.keys), device=device)
        self._before = 0.0
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return self._before + time.perf_counter() - self._started

    def add(self, values: Mapping[str, Tensor]) -> None:
        """Add what one update reported, scalars by key.

        Raises:
            DbenchError: it lacks one of them, or one is no scalar tensor: a mistake of the model.
        """
        given = values if isinstance(values, Mapping) else {}
        if wrong := [key for key in self.keys if not isinstance(given.get(key), Tensor) or given[key].dim()]:
            lacking = ", ".join(map(repr, wrong))
            raise DbenchError(
                f"The model's update reports no scalar tensor {lacking}, which its `means` declares.",
                "Correct `update`, or `means`; `dbench check MODEL` tries a model by all the rules.",
            )
        if self.keys:
            self.sums = self.sums + torch.stack([given[key] for key in self.keys]).detach()
        self.steps += 1

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """What a checkpoint keeps of it, so that a resumed run logs the same: tensors and extras."""
        return {"window.sums": self.sums}, {"window": {"steps": self.steps, "seconds": self.seconds}}

    def restore(self, tensors: Mapping[str, Tensor], extras: Mapping[str, Any]) -> None:
        """Continue what `state` returned."""
        self.sums = tensors["window.sums"].to(self.sums.device)
        self.steps, self._before = int(extras["window"]["steps"]), float(extras["window"]["seconds"])
