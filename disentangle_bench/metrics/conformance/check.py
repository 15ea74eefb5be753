"""Try every rule that applies to a metric."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from disentangle_bench.conformance import Outcome, outcomes
from disentangle_bench.metrics.conformance.declared import DECLARED
from disentangle_bench.metrics.conformance.observed import OBSERVED, RETURNS_SCORES
from disentangle_bench.metrics.conformance.trial import Trial
from disentangle_bench.metrics.metric import Scores, info_of
from disentangle_bench.settings import check_settings

RULES = {**DECLARED, **OBSERVED}
"""All rules by name; those of `OBSERVED` apply to metrics of codes and factors alone."""


def check_metric(function: Callable[..., Scores], settings: Mapping[str, Any] | None = None) -> Iterator[Outcome]:
    """Check a metric, one outcome at a time.

    A metric that needs other parts than codes and factors is only checked for what it declares; one that returns no
    scores is not checked further.

    Args:
        function: what `@metric` decorated.
        settings: the settings to check it with, such as those that make it fast.

    Raises:
        UnknownNameError: the metric has no such setting.
        SettingError: a setting has an invalid value.
    """
    trial = Trial(function, check_settings(function, settings or {}, kind="metric", name=info_of(function).name))
    rules = RULES if info_of(function).resamplable else DECLARED
    return outcomes(rules, trial, needed=(RETURNS_SCORES,), strict=True)
