"""The kinds of things that have names: models, recipes, suites, datasets and metrics."""

from __future__ import annotations

from collections.abc import Mapping

from disentangle_bench.cli.kinds.datasets import Datasets, LocalDatasets
from disentangle_bench.cli.kinds.kind import Kind, Sheet
from disentangle_bench.cli.kinds.metrics import Metrics
from disentangle_bench.cli.kinds.models import Models, Recipes
from disentangle_bench.cli.kinds.suites import Suites

KINDS: Mapping[str, Kind] = {
    "models": Models(),
    "recipes": Recipes(),
    "suites": Suites(),
    "datasets": Datasets(),
    "metrics": Metrics(),
}
LOCAL_DATASETS: Kind = LocalDatasets()

__all__ = ["KINDS", "LOCAL_DATASETS", "Kind", "Sheet"]
