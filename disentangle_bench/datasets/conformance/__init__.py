"""Rules for all datasets, as checks that authors of plug-ins can run: `dbench check my-dataset`."""

from __future__ import annotations

from disentangle_bench.datasets.conformance.check import RULES, check_dataset

__all__ = ["RULES", "check_dataset"]
