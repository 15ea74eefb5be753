"""The device that a command runs on."""

from __future__ import annotations

import torch

from disentangle_bench.errors import DeviceError, SettingError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> torch.device:
    """Return the device of that name; `auto` prefers CUDA, then MPS, then the CPU.

    Raises:
        SettingError: unknown name. DeviceError: this machine does not have the device.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, there in available.items() if there))
    if name not in available:
        raise SettingError(f"{name!r} is not a device.", f"Use one of {', '.join(DEVICES)}.")
    if not available[name]:
        raise DeviceError(
            f"--device {name}: PyTorch {torch.__version__} finds no {name} device on this machine.",
            "Use --device cpu or auto; `dbench env` shows what there is.",
        )
    return torch.device(name)
