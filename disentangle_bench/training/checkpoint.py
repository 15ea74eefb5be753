"""Checkpoints: atomic, verified when loaded, the last two kept."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from disentangle_bench.storage import write_through

KEEP = 2
_PATTERN = "step-*.safetensors"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """All that training needs to go on after `step`: tensors by name and JSON-able extras."""

    step: int
    tensors: Mapping[str, Tensor]
    extras: Mapping[str, Any] = field(default_factory=dict)


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint with a digest of its tensors, then delete all but the last two."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in checkpoint.tensors.items()}
    metadata = {
        "step": str(checkpoint.step),
        "digest": _digest(tensors),
        "extras": json.dumps(checkpoint.extras),
    }
    path = folder / f"step-{checkpoint.step:08d}.safetensors"
    write_through(path, lambda temporary: save_file(tensors, temporary, metadata))
    for old in _newest_first(folder)[KEEP:]:
        old.unlink()
    return path


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest checkpoint that is whole, or None. A damaged one is told and passed over for the one before."""
    for path in _newest_first(folder):
        try:
            return _read(path)
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            _log.warning("Checkpoint %s is damaged (%s); trying the one before it.", path, error)
    return None


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob(_PATTERN), reverse=True)


def _read(path: Path) -> Checkpoint:
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    if _digest(tensors) != metadata["digest"]:
        raise ValueError("its digest does not match its contents")
    return Checkpoint(int(metadata["step"]), tensors, json.loads(metadata["extras"]))


def _digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def pack_optimizer(name: str, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """An optimiser's state as named tensors."""
    state = optimizer.state_dict()["state"]
    return {f"{name}.{index}.{key}": value for index, values in state.items() for key, value in values.items()}


def unpack_optimizer(name: str, optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put an optimiser back into the state that `pack_optimizer` named."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in part(name, tensors.items()).items():
        index, _, entry = key.partition(".")
        like = parameters[int(index)]
        # the fused update walks moments and weights in memory order, so their layouts have to agree
        state.setdefault(int(index), {})[entry] = torch.empty_like(like).copy_(value) if value.dim() else value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def part(name: str, tensors: Iterable[tuple[str, Tensor]]) -> dict[str, Tensor]:
    """The tensors whose names begin with `name.`, without it."""
    return {key.removeprefix(f"{name}."): value for key, value in tensors if key.startswith(f"{name}.")}
