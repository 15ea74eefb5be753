"""Checkpoints: atomic, verified when loaded, the last two kept."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from disentangle_bench.errors import StorageError
from disentangle_bench.models.model import part
from disentangle_bench.storage import storage_errors, write_bytes

KEEP = 2
_NAME = re.compile(r"step-(\d+)\.safetensors")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """All that training needs to resume after `step`: tensors by name and JSON-able extras."""

    step: int
    tensors: Mapping[str, Tensor]
    extras: Mapping[str, Any] = field(default_factory=dict)


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint with a digest of its contents, then delete all but the last two.

    Raises:
        StorageError: no space or no permission; earlier checkpoints are kept.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in checkpoint.tensors.items()}
    extras = json.dumps(checkpoint.extras)
    metadata = {
        "step": str(checkpoint.step),
        "extras": extras,
        "digest": _digest(checkpoint.step, extras, tensors),
    }
    path = folder / f"step-{checkpoint.step:08d}.safetensors"
    write_bytes(path, save(tensors, metadata))
    keep_last(folder, checkpoint.step)
    return path


def keep_last(folder: Path, step: int) -> None:
    """Keep the checkpoint of this step and the one before it; later ones are damaged, else this were not the last."""
    steps = _by_step(folder)
    kept = sorted(there for there in steps if there <= step)[-KEEP:]
    for there, path in steps.items():
        if there not in kept:
            with storage_errors(path, "delete"):
                path.unlink()


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """Load the newest intact checkpoint, or None. A damaged one is reported and skipped."""
    paths = [path for _, path in sorted(_by_step(folder).items(), reverse=True)]
    for path in paths:
        try:
            return _read(path)
        except PermissionError as error:
            raise StorageError(f"Could not read {path}: {error.strerror}.", "Change its permissions.") from error
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            _log.warning("Checkpoint %s is damaged: %s. Trying the one before it.", path, error)
    if paths:
        _log.warning("No checkpoint in %s is intact: training starts from the first step.", folder)
    return None


def newest_step(folder: Path) -> int:
    """Find the step of the newest checkpoint, or 0, without reading it."""
    return max(_by_step(folder), default=0)


def _by_step(folder: Path) -> dict[int, Path]:
    matches = {path: _NAME.fullmatch(path.name) for path in folder.glob("*.safetensors")}
    return {int(match[1]): path for path, match in matches.items() if match}


def _read(path: Path) -> Checkpoint:
    path.open("rb").close()  # safetensors reports a file without read permission as missing
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    step, extras = int(metadata["step"]), metadata["extras"]
    if _digest(step, extras, tensors) != metadata["digest"]:
        raise ValueError("its digest does not match its contents")
    return Checkpoint(step, tensors, json.loads(extras))


def _digest(step: int, extras: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(f"{step} {extras}\n".encode())
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"{name} {value.dtype} {list(value.shape)}\n".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def pack_optimizer(name: str, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Name the tensors of an optimizer's state."""
    state = optimizer.state_dict()["state"]
    return {f"{name}.{index}.{key}": value for index, values in state.items() for key, value in values.items()}


def unpack_optimizer(name: str, optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Restore the state of an optimizer that `pack_optimizer` named."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in part(name, tensors).items():
        index, _, entry = key.partition(".")
        like = parameters[int(index)]
        # the fused update walks moments and weights in memory order, so their layouts must agree
        state.setdefault(int(index), {})[entry] = torch.empty_like(like).copy_(value) if value.dim() else value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
