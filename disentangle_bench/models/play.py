"""The moves of the players in an update of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor, nn


class Stepper(Protocol):
    """An optimizer, or what wraps one."""

    def step(self) -> object: ...


class Play:
    """The networks as the loop wraps them, and the moves of the players: `play.D(x)` calls the network `D`.

    Args:
        networks: with what precision and several processes need around them.
        bare: the same without it, for `frozen`.
        optimizers: of each player.
        backward: accumulates the gradients of a loss.
        mean: of a tensor over the processes of the run, the same in all; by default there is one.
    """

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        bare: Mapping[str, nn.Module],
        optimizers: Mapping[str, Stepper],
        backward: Callable[[Tensor], object],
        mean: Callable[[Tensor], Tensor] = lambda values: values,
    ) -> None:
        self._networks, self._bare, self._optimizers, self._backward = networks, bare, optimizers, backward
        self.mean = mean

    def __getattr__(self, name: str) -> nn.Module:
        networks: Mapping[str, nn.Module] = self.__dict__.get("_networks", {})
        if name in networks:
            return networks[name]
        raise AttributeError(f"There is no network {name!r}; there are {', '.join(networks)}.")

    def minimise(self, player: str, loss: Tensor) -> None:
        """One step of a player down the gradient of its loss; gradients from before are dropped, everybody's."""
        for network in self._bare.values():
            network.zero_grad()
        self._backward(loss)
        self._optimizers[player].step()
        torch.clear_autocast_cache()  # which holds the weights from before the step in lower precision

    @contextmanager
    def frozen(self, name: str) -> Iterator[nn.Module]:
        """A network through which gradients pass without leaving any on its weights."""
        network = self._bare[name]
        learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
        network.requires_grad_(False)
        try:
            yield network
        finally:
            for parameter in learning:
                parameter.requires_grad_(True)
