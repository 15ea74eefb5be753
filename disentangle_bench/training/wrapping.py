"""A model's networks as a device, a precision, a compiler and several processes need them."""

from __future__ import annotations

from functools import partial
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer

from disentangle_bench.models.model import Model, Play
from disentangle_bench.models.play import Stepper


def wrap(fabric: Fabric, model: Model, optimizers: dict[str, Optimizer], *, compiled: bool = False) -> Play:
    """The networks and optimizers of a model for its updates; the model itself keeps the bare ones.

    Args:
        fabric: launched.
        model: on the fabric's device.
        optimizers: of its players.
        compiled: whether to compile the networks.
    """
    bare: dict[str, nn.Module] = dict(model.networks)
    if compiled:
        for name, network in bare.items():
            bare[name] = torch.compile(network)  # type: ignore[assignment]
    networks = {name: fabric.setup_module(network) for name, network in bare.items()}
    steppers = {name: cast("Stepper", fabric.setup_optimizers(optimizer)) for name, optimizer in optimizers.items()}
    return Play(networks, bare, steppers, fabric.backward, partial(mean_over_processes, fabric))


def mean_over_processes(fabric: Fabric, values: Tensor) -> Tensor:
    """The mean of a tensor over all processes of a run, in each of them; it stays where it is if there is one."""
    if fabric.world_size == 1:
        return values
    return cast("Tensor", fabric.all_reduce(values.clone(), reduce_op="sum")) / fabric.world_size
