"""Lightning Fabric for the device, the precision and the number of processes of a run."""

from __future__ import annotations

import logging
import warnings
from dataclasses import asdict, dataclass
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy

from disentangle_bench.devices import choose_device
from disentangle_bench.errors import DeviceError, SettingError

# At import, so that it holds in spawned processes from the start: Fabric logs every setting, and PyTorch each process
# that it terminates and an argument whose replacement its older versions lack.
logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
logging.getLogger("torch.multiprocessing.spawn").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", message="`broadcast_buffers` is deprecated")

PRECISIONS = ("auto", "32", "bf16-mixed", "16-mixed")


def choose_precision(name: str, device: torch.device) -> str:
    """The precision of that name; `auto` is bf16-mixed on a GPU that supports it and 32 elsewhere."""
    if name == "auto":
        return "bf16-mixed" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "32"
    if name not in PRECISIONS:
        raise SettingError(f"{name!r} is not a precision.", f"Use one of {', '.join(PRECISIONS)}.")
    if name == "16-mixed" and device.type != "cuda":
        raise DeviceError("--precision 16-mixed needs a CUDA device.", "Use 32 or bf16-mixed.")
    return name


@dataclass(frozen=True)
class Machine:
    """What a run is trained on, by the names that `make_fabric` takes."""

    device: str = "auto"
    precision: str = "auto"
    devices: int = 1

    def fabric(self) -> Fabric:
        """Make the fabric, not yet launched."""
        return make_fabric(self.device, self.precision, self.devices)

    def info(self) -> dict[str, Any]:
        """Describe what the run gets, for the provenance.

        Raises:
            DbenchError: the machine does not have it.
        """
        fabric = self.fabric()
        kind = fabric.device.type
        name = torch.cuda.get_device_name(fabric.device) if kind == "cuda" else kind
        precision = str(fabric.strategy.precision.precision)
        return {"device": name, "precision": precision, "devices": self.devices, "threads": torch.get_num_threads()}

    def options(self) -> list[str]:
        """List the command-line options for the same machine."""
        given = {name: value for name, value in asdict(self).items() if value != getattr(Machine, name)}
        return [word for name, value in given.items() for word in (f"--{name}", str(value))]


def make_fabric(device: str, precision: str, devices: int) -> Fabric:
    """Make Lightning Fabric for one machine; several devices train as data-parallel processes.

    Raises:
        DeviceError: the machine lacks the device or the precision, or has fewer devices.
    """
    chosen = choose_device(device)
    if devices < 1:
        raise SettingError(f"--devices {devices}: at least one is required.", "Give 1 or more.")
    if chosen.type == "cuda" and devices > torch.cuda.device_count():
        raise DeviceError(
            f"--devices {devices}: this machine has {torch.cuda.device_count()} CUDA devices.", "Give fewer."
        )
    if chosen.type == "mps" and devices > 1:
        raise DeviceError(f"--devices {devices}: MPS trains on one device.", "Give 1, or use --device cpu.")
    return Fabric(
        accelerator=chosen.type,
        devices=devices,
        # a network may see several batches before one backward pass, so its buffers may not be broadcast in between
        strategy=DDPStrategy(broadcast_buffers=False) if devices > 1 else "auto",
        plugins=LightningEnvironment(),  # processes of this machine alone, whatever cluster it belongs to
        precision=choose_precision(precision, chosen),  # type: ignore[arg-type]
    )
