"""The blocks of which the paper's networks are made, and its initialization."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from disentangle_bench.models.networks.linear import Linear

LEAK = 0.1  # arXiv:1606.03657, Appendix C: "leaky rate 0.1"
WEIGHT_DEVIATION = 0.02  # the authors' code, as in DCGAN


def dense(inputs: int, outputs: int, *, norm: bool = True) -> list[nn.Module]:
    """A fully connected layer, with batch norm after it unless `norm` is false."""
    layers: list[nn.Module] = [Linear(inputs, outputs, bias=not norm)]
    return [*layers, nn.BatchNorm1d(outputs)] if norm else layers


def conv(inputs: int, outputs: int, *, norm: bool = True) -> list[nn.Module]:
    """A 4x4 convolution that halves the size, with batch norm after it unless `norm` is false."""
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=not norm)]
    return [*layers, nn.BatchNorm2d(outputs)] if norm else layers


def up_conv(inputs: int, outputs: int, *, norm: bool = True, odd: tuple[int, int] = (0, 0)) -> list[nn.Module]:
    """A 4x4 transposed convolution that doubles the size, with batch norm after it unless `norm` is false.

    A side whose entry of `odd` is 1 becomes a pixel longer than twice as long.
    """
    layers: list[nn.Module] = [
        nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, output_padding=odd, bias=not norm)
    ]
    return [*layers, nn.BatchNorm2d(outputs)] if norm else layers


def flat_conv(inputs: int, outputs: int) -> list[nn.Module]:
    """A 4x4 convolution that keeps the size, with batch norm after it; as TensorFlow pads one, 1 before and 2 after.

    A transposed convolution of stride 1 is such a convolution, too, with its kernel turned round.
    """
    return [nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(inputs, outputs, 4, bias=False), nn.BatchNorm2d(outputs)]


def q_head(features: int, units: int | None, outputs: int) -> nn.Sequential:
    """Q on D's trunk: a layer of its own, where it has one, and the posterior parameters."""
    if units is None:
        return nn.Sequential(nn.Linear(features, outputs))
    return nn.Sequential(*dense(features, units), leaky(), nn.Linear(units, outputs))


def leaky() -> nn.Module:
    """The leaky rectifier of D and Q."""
    return nn.LeakyReLU(LEAK, inplace=True)


def scaled(channels: int, width: float) -> int:
    """`channels` times the width multiplier, at least 1."""
    return max(1, round(channels * width))


@torch.no_grad()
def initialize(network: nn.Module, seed: int) -> None:
    """Draw all weights from N(0, 0.02), batch-norm gains from N(1, 0.02); biases and offsets are zero."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            module.weight.normal_(0, WEIGHT_DEVIATION, generator=generator)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.weight.normal_(1, WEIGHT_DEVIATION, generator=generator)
        else:
            continue
        if module.bias is not None:
            module.bias.zero_()


class Discriminator(nn.Module):
    """D and Q on one trunk.

    Args:
        trunk: images `(n, c, h, w)` -> features `(n, f)`.
        head: features -> the logit of "real", `(n, 1)`.
        q_head: features -> the posterior parameters of all codes, `(n, p)`.
    """

    def __init__(self, trunk: nn.Module, head: nn.Module, q_head: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head
        self.q_head = q_head

    def forward(self, images: Tensor, *, with_q: bool = True, detach_q: bool = False) -> tuple[Tensor, Tensor | None]:
        """The logits `(n,)` and, with Q, the posterior parameters `(n, p)`.

        Args:
            images: `(n, c, h, w)` in [0, 1].
            with_q: whether to run Q.
            detach_q: keep Q's gradient from the trunk and from the images.
        """
        features = self.trunk(images)
        logits = self.head(features).squeeze(1)
        if not with_q:
            return logits, None
        return logits, self.q_head(features.detach() if detach_q else features)
