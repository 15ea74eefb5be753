"""A small pair for 8x8 gray images: the paper's MNIST networks with fewer units."""

from __future__ import annotations

from disentangle_bench.models.networks.halving import Halvings

digits = Halvings((1, 8, 8), fc=256, q=64)
