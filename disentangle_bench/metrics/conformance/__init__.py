"""Rules for all metrics, as checks that authors of plug-ins can run: `dbench check my_package.my_metric`."""

from __future__ import annotations

from disentangle_bench.conformance import Outcome
from disentangle_bench.metrics.conformance.check import CHECKS, check

__all__ = ["CHECKS", "Outcome", "check"]
