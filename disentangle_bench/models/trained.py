"""A trained model: what evaluation needs of a run, read from its `model.safetensors`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from disentangle_bench.errors import RunError
from disentangle_bench.latents import Categorical, Latents, LatentSpec
from disentangle_bench.models.batches import BATCH, as_floats, in_batches
from disentangle_bench.models.model import Model
from disentangle_bench.storage import write_bytes


class TrainedModel:
    """The parts that a trained model offers, batch by batch and without gradients.

    Args:
        model: with its trained weights.
        device: where it computes.

    Attributes:
        latents: its noise and codes.
        deterministic: whether it gives codes of images alone, and no posterior.
        parts: functions on batches of tensors, by name; see `Model.parts`.
        offers: their names.
    """

    def __init__(self, model: Model, device: torch.device) -> None:
        for network in model.networks.values():
            network.to(device).eval()
        self.latents, self.device, self.deterministic = model.latents, device, model.deterministic
        self.parts = model.parts()
        self.offers = frozenset(self.parts)

    @torch.inference_mode()
    def generate(self, latents: Latents) -> Tensor:
        """Latents -> images `(n, c, h, w)` float32 in [0, 1], on the model's device."""
        starts = range(0, len(latents), BATCH)
        batches = (latents.rows(slice(start, start + BATCH)).to(self.device) for start in starts)
        return torch.cat([self.parts["generator"](self.latents.pack(rows)) for rows in batches])

    def posterior(self, images: Tensor) -> tuple[Tensor, ...]:
        """Posterior parameters for generated images `(n, c, h, w)` in [0, 1], one `(n, p)` per code."""
        return self._read("posterior", images)

    def encode(self, images: Tensor) -> tuple[Tensor, ...]:
        """Posterior parameters for real images `(n, c, h, w)`, float in [0, 1] or uint8, one `(n, p)` per code."""
        return self._read("encoder", images)

    def _read(self, part: str, images: Tensor) -> tuple[Tensor, ...]:
        parameters = in_batches(lambda rows: self.parts[part](as_floats(rows)), images, self.device)
        return self.latents.split(parameters)


def save_trained(model: Model, path: Path) -> None:
    """Write a finished model's tensors to a safetensors file."""
    write_bytes(path, save({name: value.detach().cpu().contiguous() for name, value in model.state().items()}))


def load_trained(model: Model, path: Path, device: torch.device) -> TrainedModel:
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
            model.load({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, RuntimeError) as error:
        raise RunError(
            f"{path} is damaged or belongs to other networks than its recipe: {error}",
            f"If its recipe.toml is as it was, delete {path} and resume its training with --resume: that writes it "
            "again from the last checkpoint.",
        ) from error
    return TrainedModel(model, device)


def posterior_parameters(latents: LatentSpec, reading: Sequence[Tensor]) -> dict[str, NDArray[np.float64]]:
    """Code name -> logits `(n, k)` of a categorical code, mean and ln sigma `(n, 2)` of a continuous one."""
    found = {}
    for code, raw in zip(latents.codes, reading, strict=True):
        if isinstance(code, Categorical):
            parameters = raw
        else:
            parameters = torch.stack([code.estimate(raw), code.log_sigma(raw)], dim=1)
        found[code.name] = parameters.double().cpu().numpy()
    return found
