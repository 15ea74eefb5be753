"""Metrics: one family per file, each a plain function of the parts of a subject."""

from __future__ import annotations

from collections.abc import Callable

from disentangle_bench.metrics.metric import Facts, Score, Scores, facts_of, metric
from disentangle_bench.registry import Registry

_HERE = "disentangle_bench.metrics"

METRICS: Registry[Callable[..., Scores]] = Registry(
    "metric",
    {
        "c1-accuracy": f"{_HERE}.clustering:c1_accuracy",
        "mutual-information": f"{_HERE}.mutual_information:variational_bound",
        "mutual-information/fresh": f"{_HERE}.mutual_information:fresh_posterior_bound",
        "mutual-information/nonparametric": f"{_HERE}.mutual_information:nonparametric",
        "traversal-consistency": f"{_HERE}.traversal:traversal_consistency",
        "image-measures": f"{_HERE}.image_measures:image_measures",
    },
    group="disentangle_bench.metrics",
)

__all__ = ["METRICS", "Facts", "Score", "Scores", "facts_of", "metric"]
