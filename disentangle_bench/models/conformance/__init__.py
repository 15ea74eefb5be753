"""Rules for all models and networks, as checks that authors of plug-ins can run: `dbench check my-model`."""

from __future__ import annotations

from disentangle_bench.models.conformance.check import check_model, check_networks
from disentangle_bench.models.conformance.networks import RULES_OF_NETWORKS
from disentangle_bench.models.conformance.rules import RULES

__all__ = ["RULES", "RULES_OF_NETWORKS", "check_model", "check_networks"]
