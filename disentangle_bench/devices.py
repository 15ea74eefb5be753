"""The device that a command runs on, and what its processor can do."""

from __future__ import annotations

import torch

from disentangle_bench.errors import DeviceError, SettingError

DEVICES = ("auto", "cpu", "cuda", "mps")
BFLOAT16_INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "bf16", "sve_bf16")
"""As `torch.cpu.get_capabilities` names them: two of x86, two of ARM."""
EMULATED = (
    "this CPU has no bfloat16 instructions, and a step takes 2 (small networks) to 50 times (the paper's for MNIST) as "
    "long as in single precision"
)
"""What it means that bfloat16 is emulated. Measured on one core with AVX2, PyTorch 2.14: 1.8 to 11 for 8x8 digits, 6.4
for a VAE on 32x32 images, 25 and 53 for InfoGAN on MNIST at a quarter of the paper's width and at full width."""


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


def computes_in_bfloat16() -> bool:
    """Whether this machine's CPU multiplies bfloat16, and PyTorch has oneDNN, which makes use of that."""
    capabilities = getattr(torch.cpu, "get_capabilities", None)  # which older versions of PyTorch lack
    if capabilities is None:
        able = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    else:
        able = any(capabilities().get(name, False) for name in BFLOAT16_INSTRUCTIONS)
    return bool(able and torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]


def emulates(precision: str, device: str) -> bool:
    """Whether training in a precision on a device, both by name, has a CPU emulate bfloat16."""
    if precision != "bf16-mixed" or device not in ("auto", "cpu"):
        return False
    return choose_device(device).type == "cpu" and not computes_in_bfloat16()
