"""Images batch by batch through a network, and the batch-norm statistics that fit them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

BATCH = 500


def as_floats(images: Tensor) -> Tensor:
    """Images as float32 in [0, 1]; uint8 images are scaled, others are taken as they are."""
    return images.float().div_(255) if images.dtype == torch.uint8 else images.float()


@torch.inference_mode()
def in_batches(function: Callable[[Tensor], Tensor], rows: Tensor, device: torch.device) -> Tensor:
    """A function's output for all rows, which are moved to the device a batch at a time."""
    return torch.cat([function(batch.to(device)) for batch in torch.split(rows, BATCH)])


@torch.no_grad()
def reestimate_statistics(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set a network's batch-norm statistics to the mean over `batches`, as it is in use, and leave it in eval mode."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average over the batches that follow
    network.eval()
    for norm in norms:
        norm.train()
    for batch in batches:
        network(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.eval()


def statistics_of(network: nn.Module) -> dict[str, Tensor]:
    """A copy of a network's batch-norm statistics, by the names of its state."""
    return {name: value.detach().cpu().clone() for name, value in network.named_buffers()}
