"""The small form of a suite that `dbench bench check --dry` runs: few small steps, few rows and generated images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from disentangle_bench.suites.cell import Cell
from disentangle_bench.suites.state import Found
from disentangle_bench.suites.suite import Evaluation, Suite

STEPS, ROWS = 3, 200
BATCH = 16
"""Images of a step. The statistics of batch norm are estimated from batches of this size, too, which takes longer."""
MOST = {
    "samples": 500,
    "train_samples": 500,
    "validation_samples": 200,
    "draws": 4,
    "pairs": 200,
    "train_points": 200,
    "test_points": 200,
    "train_votes": 200,
    "test_votes": 200,
    "votes": 200,
    "trees": 10,
    "repeats": 1,
    "subsets": 2,
    "bootstrap": 50,
}
"""Upper limits of settings that say how much a metric computes: by default, some generate 40,000 images."""


def small_form(suite: Suite) -> Suite:
    """Make the variant of a suite that takes seconds per cell."""
    evaluation = Evaluation(seed=suite.evaluation.seed, rows=ROWS, bootstrap=0, levels=False)
    changes = {"evaluation": evaluation, "metric_settings": small_settings(suite)}
    return suite.with_settings({"steps": STEPS, "batch_size": BATCH}).model_copy(update=changes)


def small_settings(suite: Suite) -> dict[str, dict[str, Any]]:
    """The settings of metrics: the suite's, with little work for each metric that it may ask for."""
    from disentangle_bench.metrics import METRICS, info_of  # imports torch, which takes longer than to print a table

    settings = {metric: dict(given) for metric, given in suite.metric_settings.items()}
    infos = {name: info_of(of) for name, of in METRICS.usable().items()}
    for metric, info in infos.items():
        if suite.asks_for(metric, info):
            full = {**info.settings, **settings.get(metric, {})}
            few = {key: min(full[key], most) for key, most in MOST.items() if isinstance(full.get(key), int)}
            if few:
                settings[metric] = {**settings.get(metric, {}), **few}
    return settings


def without_value(found: Mapping[Cell, Found]) -> Iterable[str]:
    """Say which metrics have no value of which entries, and why."""
    entries: dict[tuple[str, str], list[str]] = {}
    for cell, of in found.items():
        for metric, scores in of.by_metric.items():
            if all(score.get("value") is None for score in scores.values()):
                reason = str(next(iter(scores.values())).get("reason"))
                entries.setdefault((metric, reason), []).append(cell.entry)
    return (f"No value of {metric} in {', '.join(names)}: {reason}" for (metric, reason), names in entries.items())
