"""The paper's networks for faces: 32x32 gray images (arXiv:1606.03657, Appendix C.4)."""

from __future__ import annotations

from disentangle_bench.models.networks.halving import Halvings

faces = Halvings((1, 32, 32), fc=1024, q=None)
