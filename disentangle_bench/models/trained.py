"""A trained model: what remains of a run for evaluation, with batch-norm statistics fit for each use."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from disentangle_bench.errors import RunError
from disentangle_bench.latents import Latents
from disentangle_bench.models.infogan import InfoGAN
from disentangle_bench.storage import write_bytes

BATCH = 500
STATISTICS_BATCHES = 40


class TrainedModel:
    """G and Q, ready to be asked.

    In training, D's batch norm sees real and generated images in separate batches, so its running statistics are a
    mixture that fits neither. Here they are re-estimated twice, without labels: on real training images, for reading
    those, and on generated images, for reading these.
    """

    def __init__(self, model: InfoGAN, on_real: nn.Module, on_generated: nn.Module) -> None:
        self.latents = model.latents
        self.G = model.G.eval()
        self._on_real = on_real.eval()
        self._on_generated = on_generated.eval()

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        device: torch.device = next(self.G.parameters()).device
        return device

    @torch.inference_mode()
    def generate(self, latents: Latents) -> Tensor:
        """Latents -> images `(n, c, h, w)` float32 in [0, 1], on the model's device."""
        batches = [self.G(self.latents.pack(rows.to(self.device))) for rows in _batches_of(latents)]
        return torch.cat(batches)

    def read_generated(self, images: Tensor) -> tuple[Tensor, ...]:
        """Q's posterior parameters for generated images `(n, c, h, w)` in [0, 1], one `(n, p)` per code."""
        return self._read(self._on_generated, images)

    def read_real(self, images: Tensor) -> tuple[Tensor, ...]:
        """Q's posterior parameters for real images `(n, c, h, w)`, float in [0, 1] or uint8, one `(n, p)` per code."""
        return self._read(self._on_real, images)

    @torch.inference_mode()
    def _read(self, discriminator: nn.Module, images: Tensor) -> tuple[Tensor, ...]:
        batches = [discriminator(as_floats(rows.to(self.device)))[1] for rows in torch.split(images, BATCH)]
        return self.latents.split(torch.cat(batches))


def as_floats(images: Tensor) -> Tensor:
    """Images as float32 in [0, 1]; uint8 images are scaled, others are taken as they are."""
    return images.float().div_(255) if images.dtype == torch.uint8 else images.float()


def _batches_of(latents: Latents) -> Iterable[Latents]:
    return (latents.rows(slice(start, start + BATCH)) for start in range(0, len(latents), BATCH))


@torch.no_grad()
def reestimate_statistics(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set a network's batch-norm statistics to the mean over `batches`, as it is in use, and leave it in eval mode."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average over the batches that follow
    network.train()
    for batch in batches:
        network(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.eval()


class RowsOfImages(Protocol):
    """Images of which some can be had as a tensor; a tensor is one."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Tensor, /) -> Tensor:
        """The images `(b, c, h, w)` uint8 of rows `(b,)`, on the device."""
        ...


def save_trained(model: InfoGAN, images: RowsOfImages, path: Path, *, seed: int) -> None:
    """Re-estimate all statistics and write G and D with Q, once per kind of images, to a safetensors file.

    Args:
        model: its bare networks, in any mode; it is left in eval mode with the statistics for real images.
        images: real training images `(n, c, h, w)` uint8, on the model's device.
        path: the file.
        seed: of the latents and the choice of images.
    """
    device, size = next(model.G.parameters()).device, model.recipe.batch_size
    generator = torch.Generator().manual_seed(seed)
    latents = [model.latents.sample(size, generator).to(device) for _ in range(STATISTICS_BATCHES)]
    reestimate_statistics(model.G, (model.latents.pack(rows) for rows in latents))
    reestimate_statistics(model.critic, (model.G(model.latents.pack(rows)) for rows in latents))
    tensors = _named(model.critic, "generated") | _named(model.G, "G")
    order = torch.randperm(len(images), generator=generator)[: size * STATISTICS_BATCHES].to(device)
    reestimate_statistics(model.critic, (as_floats(images[rows]) for rows in torch.split(order, size) if len(rows) > 1))
    tensors |= _named(model.critic, "D")
    write_bytes(path, save(tensors))


def _named(network: nn.Module, prefix: str) -> dict[str, Tensor]:
    """A network's tensors by name; for `generated`, only the statistics, for the weights are D's."""
    state = network.state_dict()
    if prefix == "generated":
        state = {name: value for name, value in state.items() if "running_" in name or "num_batches" in name}
    return {f"{prefix}.{name}": value.detach().cpu().clone().contiguous() for name, value in state.items()}


def load_trained(model: InfoGAN, path: Path, device: torch.device) -> TrainedModel:
    """A trained model from a file that `save_trained` wrote.

    Args:
        model: the networks to fill.
        path: the safetensors file.
        device: where to put them.

    Raises:
        RunError: the file is damaged or belongs to other networks.
    """
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        weights = _part(tensors, "D")
        model.G.load_state_dict(_part(tensors, "G"))
        model.critic.load_state_dict(weights)
        on_generated = deepcopy(model.critic)
        on_generated.load_state_dict(weights | _part(tensors, "generated"))
    except (SafetensorError, OSError, RuntimeError) as error:
        raise RunError(
            f"{path} is damaged or holds other networks than its recipe: {error}",
            f"If its recipe.toml is as it was, delete {path} and go on with its training with --resume: that makes it "
            "again from the last checkpoint.",
        ) from error
    model.G.to(device)
    return TrainedModel(model, model.critic.to(device), on_generated.to(device))


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(f"{prefix}."): value for name, value in tensors.items() if name.startswith(f"{prefix}.")}
