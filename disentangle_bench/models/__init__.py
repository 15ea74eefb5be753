"""Models: networks and one readable update step each; recipes beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disentangle_bench.registry import Registry

if TYPE_CHECKING:
    from disentangle_bench.models.infogan import InfoGAN

_HERE = "disentangle_bench.models"

MODELS: Registry[type[InfoGAN]] = Registry(
    "model",
    {"infogan": f"{_HERE}.infogan:InfoGAN", "gan-with-q": f"{_HERE}.gan_with_q:GANWithQ"},
    group="disentangle_bench.models",
)

__all__ = ["MODELS"]
