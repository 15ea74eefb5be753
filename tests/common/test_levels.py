"""On ordinary input the levels of every metric put ignorance below perfection, or are not there."""

from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.evaluation.metric_call import MetricCall
from disentangle_bench.evaluation.reference_levels import Part, reference_levels
from disentangle_bench.metrics import METRICS, info_of
from disentangle_bench.representation import Representation
from tests.common.test_metrics import EXTRAS, SETTINGS

SIZES = (3, 6, 40, 32, 32)
ROWS = 1000
UNORDERED = {
    "downstream.efficiency", "downstream.efficiency.1000", "downstream/forest.efficiency", "dci-es.size",
    "dci-es.explicitness",
}  # fmt: skip
"""Ratios, of which neither more nor less is better."""
BLIND = {"infomec.infom", "infomec.infoc"}
"""Undefined of a code in which no information is found: their levels may be empty, with a reason."""
SLOW = {"dci", "dci/lasso", "dci/forest", "dci/lightgbm", "downstream/forest", "downstream"}


def ordinary(name: str) -> MetricCall:
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(size, size=ROWS) for size in SIZES], axis=1)
    noise = rng.standard_normal((ROWS, 10))
    data = Representation.of(
        noise + np.pad(factors / factors.std(axis=0), ((0, 0), (0, 5))), factors, noise[:, 0] < 0.4
    )
    settings = {**info_of(METRICS.get(name)).settings, **SETTINGS[name]}
    return MetricCall(METRICS.get(name), data.codes, data.factors, data.train, settings)


def resamplable() -> list[object]:
    names = [name for name in METRICS if info_of(METRICS.get(name)).resamplable and name != "c1-accuracy"]
    return [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in names]


@pytest.mark.parametrize("name", resamplable())
def test_chance_is_worse_than_the_ceiling(name: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in EXTRAS:
        pytest.importorskip(EXTRAS[name])
    monkeypatch.setenv("DBENCH_CACHE", str(tmp_path))
    call = ordinary(name)
    scores, info = call.scores(), info_of(call.function)
    parts = {part: Part(score.better or info.better, score.in_sample) for part, score in scores.items()}
    for part, levels in reference_levels(call, parts).items():
        full = f"{name}.{part}" if part else name
        ceiling = levels.ceiling if scores[part].ceiling is None else scores[part].ceiling
        if scores[part].value is None:
            continue
        if full in UNORDERED or levels.reason:
            assert (levels.chance, levels.ceiling) == (None, None)
            assert levels.reason, full
            assert full in UNORDERED | BLIND or part == "informativeness.train", levels.reason
            continue
        sign = -1 if parts[part].better == "lower" else 1
        assert levels.chance is not None, full
        assert ceiling is not None, full
        assert sign * levels.chance < sign * ceiling, full
