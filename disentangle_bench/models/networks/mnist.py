"""The paper's networks for MNIST: 28x28 gray images (arXiv:1606.03657, Table 1)."""

from __future__ import annotations

from disentangle_bench.models.networks.halving import Halvings

mnist = Halvings((1, 28, 28), fc=1024, q=128)
