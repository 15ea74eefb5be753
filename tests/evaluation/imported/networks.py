"""Networks as files have them."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

BATCH = torch.export.Dim("batch")


class Encoder(nn.Module):
    """Digits `(b, 1, 8, 8)` -> mean and ln variance `(b, 3)`; with a constant, batch norm and a free batch."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.BatchNorm1d(3))
        self.shift = torch.ones(3)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        mean = self.layers(images) + self.shift
        return mean, -mean.abs()


def save_torchscript(network: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(network).save(path)
    return path


def save_program(network: nn.Module, path: Path, batch: int | None = None) -> Path:
    """Of batches of one size, or of any."""
    shapes = None if batch else {"images": {0: BATCH}}
    program = torch.export.export(network, (torch.zeros(batch or 2, 1, 8, 8),), dynamic_shapes=shapes)
    torch.export.save(program, path)
    return path


def edited(path: Path, edit: Callable[[str, bytes], bytes | None], **added: bytes) -> Path:
    """The same archive with other content, where `edit` gives None without it, and with some more."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(buffer, "w") as after:
        folder = before.namelist()[0].partition("/")[0]
        for name in before.namelist():
            content = edit(name.partition("/")[2], before.read(name))
            if content is not None:
                after.writestr(name, content)
        for name, content in added.items():
            after.writestr(f"{folder}/{name}", content)
    path.write_bytes(buffer.getvalue())
    return path
