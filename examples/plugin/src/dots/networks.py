"""Small fully connected networks for the images of dots."""

from __future__ import annotations

from math import prod

from torch import nn

from disentangle_bench.models.networks import Discriminator


class DotsNetworks:
    """A generator, and a discriminator with Q on its trunk. A recipe names them: `[networks] name = "dots"`."""

    shape = (1, 8, 8)
    """`(c, h, w)` of the images."""
    units = 128

    def generator(self, inputs: int, width: float = 1.0) -> nn.Module:
        """Noise and codes `(n, inputs)` -> images `(n, 1, 8, 8)` in (0, 1)."""
        units = round(self.units * width)
        layers = [nn.Linear(inputs, units), nn.ReLU(), nn.Linear(units, units), nn.ReLU()]
        return nn.Sequential(*layers, nn.Linear(units, prod(self.shape)), nn.Sigmoid(), nn.Unflatten(1, self.shape))

    def discriminator(self, outputs: int, width: float = 1.0) -> Discriminator:
        """Images -> logits `(n,)`, and `outputs` posterior parameters of the codes."""
        units = round(self.units * width)
        trunk = nn.Sequential(nn.Flatten(), nn.Linear(prod(self.shape), units), nn.LeakyReLU(0.1))
        return Discriminator(trunk, nn.Linear(units, 1), nn.Linear(units, outputs))


networks = DotsNetworks()
