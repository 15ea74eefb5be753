"""Every registered metric follows every rule."""

from __future__ import annotations

from typing import Any

import pytest

from disentangle_bench.metrics import METRICS, info_of
from disentangle_bench.metrics.conformance import RULES, check_metric
from disentangle_bench.metrics.conformance.declared import DECLARED
from tests.common.test_metrics import EXTRAS, SETTINGS

NAMES = sorted(METRICS)


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_follows_the_rules(name: str) -> None:
    if name in EXTRAS:
        pytest.importorskip(EXTRAS[name])
    function = METRICS.get(name)
    outcomes = list(check_metric(function, SETTINGS[name]))
    assert len(outcomes) == len(RULES if info_of(function).resamplable else DECLARED)
    assert {outcome.rule: outcome.fault for outcome in outcomes if outcome.fault} == {}


def test_every_metric_is_collected() -> None:
    parametrized: Any = test_a_metric_follows_the_rules
    [mark] = parametrized.pytestmark
    assert set(mark.args[1]) == set(METRICS)
