"""The groups of metrics: one for each package here, and one for plug-ins."""

from __future__ import annotations

from collections.abc import Callable

from disentangle_bench.metrics.metric import Scores

PLUG_INS = "plug-ins"
GROUPS = {
    "information": "how much information codes and factors share",
    "predictor": "how well factors are predicted from codes, and from which",
    "intervention": "what codes do while a factor is held fixed",
    "generator": "what codes do to generated images",
    "samples": "how far generated images are from real ones",
    "unsupervised": "codes alone, of one model or of several",
    PLUG_INS: "from other packages",
}
"""Group -> what its metrics ask, in the order of listings."""


def group_of(function: Callable[..., Scores]) -> str:
    """Return the group of a metric, by the package of its module."""
    package = f"{__package__}."
    module = function.__module__
    group = module.removeprefix(package).partition(".")[0] if module.startswith(package) else PLUG_INS
    return group if group in GROUPS else PLUG_INS
