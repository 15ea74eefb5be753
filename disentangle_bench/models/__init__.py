"""Models: networks and one readable update step each; recipes beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disentangle_bench.registry import Registry

if TYPE_CHECKING:
    from disentangle_bench.models.infogan import InfoGAN

_HERE = "disentangle_bench.models"


def _fault(thing: object) -> str:
    if not isinstance(thing, type):
        return "is no class"
    lacked = [name for name in ("summary", "source") if not isinstance(getattr(thing, name, None), str)]
    return f"has no text {' and no text '.join(f'`{name}`' for name in lacked)}" if lacked else ""


MODELS: Registry[type[InfoGAN]] = Registry(
    "model",
    {"infogan": f"{_HERE}.infogan:InfoGAN", "gan-with-q": f"{_HERE}.gan_with_q:GANWithQ"},
    group="disentangle_bench.models",
    fault=_fault,
)

__all__ = ["MODELS"]
