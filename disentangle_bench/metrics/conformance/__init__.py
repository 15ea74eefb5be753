"""Rules for all metrics, as checks that authors of plug-ins can run: `dbench check my_package.my_metric`."""

from __future__ import annotations

from disentangle_bench.conformance import Outcome
from disentangle_bench.metrics.conformance.check import RULES, check_metric

__all__ = ["RULES", "Outcome", "check_metric"]
