"""Active units of codes with known variances."""

from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics import active_units
from disentangle_bench.representation.variables import Variables


def test_counts_codes_by_their_variance():
    codes = np.random.default_rng(0).standard_normal((5_000, 5)) * np.sqrt([1, 0.02, 0.005, 0, 3])
    score = active_units(codes)
    assert score.value == 3
    assert score.ceiling == 5
    assert score.details["active_codes"] == ["c1", "c2", "c5"]
    assert score.details["dead_codes"] == ["c3", "c4"]
    assert score.details["variances"] == pytest.approx(codes.var(axis=0, ddof=1))
    assert active_units(codes, min_variance=0.001).value == 4


def test_categories_and_angles():
    rng = np.random.default_rng(0)
    rare = (np.arange(1_000) == 0).astype(float)
    values = np.column_stack([rng.integers(0, 10, 1_000), rare, rng.uniform(0, 2 * np.pi, 1_000)])
    codes = Variables.wrap(values, kinds=["categorical", "categorical", "cyclic"])
    score = active_units(codes)
    assert score.details["dead_codes"] == ["c2"]
    assert score.details["variances"] == pytest.approx([0.45, 0.001, 2], abs=0.1)


def test_all_dead_is_none_active():
    assert active_units(np.zeros((9, 2))).value == 0


def test_one_sample():
    with pytest.raises(MetricError, match="only 1 sample"):
        active_units(np.ones((1, 2)))
