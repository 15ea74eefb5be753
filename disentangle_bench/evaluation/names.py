"""Names of metrics and scores, as people give them."""

from __future__ import annotations

from disentangle_bench.errors import UnknownNameError
from disentangle_bench.metrics import METRICS


def metric_of(name: str) -> str:
    """Find the metric of a name, which is the metric's own or that of one of its scores, as in `dci.completeness`.

    Raises:
        UnknownNameError: there is no such metric.
    """
    found = [metric for metric in METRICS if name == metric or name.startswith(f"{metric}.")]
    if not found:
        raise UnknownNameError("metric", name, METRICS)
    return max(found, key=len)
