"""Codes beside factors: columns with names and kinds, in memory, in npz and in HDF5 files."""

from __future__ import annotations

from disentangle_bench.representation.representation import Representation
from disentangle_bench.representation.variables import Kind, Variables

__all__ = ["Kind", "Representation", "Variables"]
