"""Other normalizations of D's trunk than the batch norm with which the networks are made."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils import parametrize

POWER_ITERATIONS = 20
"""Before training; in training, one each time that a weight is used."""


def has_batch_norm(network: nn.Module) -> bool:
    """Whether an output for one image depends on the others of its batch."""
    return any(isinstance(module, _BatchNorm) for module in network.modules())


def replace_batch_norm(network: nn.Module, *, layer_norm: bool) -> None:
    """Put layer norm in the place of every batch norm (arXiv:1607.06450, arXiv:1704.00028, section 4), or nothing.

    A layer norm is over all features and pixels of an image, with a gain and an offset for each feature map. Where
    nothing takes its place, the layer before, which had its offset in the batch norm, gets one of its own.
    """
    for parent in list(network.modules()):
        for (_, before), (name, norm) in pairwise(list(parent.named_children())):
            if not isinstance(norm, _BatchNorm):
                continue
            setattr(parent, name, nn.GroupNorm(1, norm.num_features) if layer_norm else nn.Identity())
            if not layer_norm and getattr(before, "bias", 0) is None:
                before.bias = nn.Parameter(torch.zeros(norm.num_features))


class SpectralNorm(nn.Module):
    """A weight over its largest singular value, `W / s(W)`, by power iteration (arXiv:1802.05957, Algorithm 1).

    Args:
        weight: `(outputs, ...)`; what follows the first dimension counts as one.
        generator: of the first vector.
    """

    u: Tensor

    def __init__(self, weight: Tensor, generator: torch.Generator) -> None:
        super().__init__()
        self.register_buffer("u", F.normalize(torch.randn(len(weight), generator=generator), dim=0))
        for _ in range(POWER_ITERATIONS):
            self(weight)

    def forward(self, weight: Tensor) -> Tensor:
        """In training, each call brings the estimate of `s(W)` nearer."""
        with torch.autocast(weight.device.type, enabled=False):
            matrix = weight.flatten(1)
            with torch.no_grad():
                v = F.normalize(matrix.t() @ self.u, dim=0)
                u = F.normalize(matrix @ v, dim=0)
                if self.training:
                    self.u.copy_(u)
            return weight / torch.dot(u, matrix @ v)


def add_spectral_norm(network: nn.Module, seed: int) -> None:
    """Divide the weights of every linear and convolutional layer by their largest singular values.

    Args:
        network: initialized.
        seed: determines where the power iterations begin.
    """
    generator = torch.Generator().manual_seed(seed)
    for module in list(network.modules()):
        if isinstance(module, nn.Linear | nn.Conv2d):
            parametrize.register_parametrization(module, "weight", SpectralNorm(module.weight.detach(), generator))
