"""Codes beside factors: columns with names and kinds, in memory, in npz and HDF5 files, or streamed from them."""

from __future__ import annotations

from disentangle_bench.representation.kinds import Kind
from disentangle_bench.representation.representation import Representation
from disentangle_bench.representation.streamed import open_representation
from disentangle_bench.representation.variables import Variables

__all__ = ["Kind", "Representation", "Variables", "open_representation"]
