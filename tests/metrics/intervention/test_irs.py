"""Interventional robustness against disentanglement_lib and closed forms; kinds; what is left out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics import METRICS
from disentangle_bench.representation.variables import Variables

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.npz"))
GRID = np.array([(a, b) for a in range(3) for b in range(4)] * 10)


def irs(codes, factors, **settings):
    return METRICS.get("irs")(codes, factors, **settings)


@pytest.mark.parametrize("quantile", [1.0, 0.99])
@pytest.mark.parametrize("case", CASES)
def test_agrees_with_disentanglement_lib(case, quantile):
    expected = json.loads((GOLDEN / f"{case}.json").read_text())["irs"][f"quantile_{quantile}"]
    with np.load(GOLDEN / f"{case}.npz") as arrays:
        assert irs(arrays["codes"], arrays["factors"], quantile=quantile).value == pytest.approx(expected, abs=1e-9)


class TestClosedForms:
    def test_a_code_that_follows_one_factor_only_is_robust(self):
        score = irs(GRID * [1.0, -2.0], GRID)
        assert score.value == 1
        assert score.details["parents"] == {"c1": "f1", "c2": "f2"}
        assert score.details["weights"] == pytest.approx({"c1": 0.25, "c2": 0.75})  # 1 and 3 from their means

    def test_a_sum_of_two_factors(self):
        """`c = f1 + f2`, 3 and 4 values: held f1 leaves 1.5 of 2.5, held f2 leaves 1."""
        score = irs(GRID.sum(axis=1).astype(float), GRID, quantile=1.0)
        assert score.details["robustness"] == [pytest.approx([1 - 1.5 / 2.5, 1 - 1 / 2.5])]
        assert score.value == pytest.approx(0.6)

    def test_a_code_that_ignores_the_factors_is_not(self):
        code = np.repeat([-1.0, 1.0], 60)  # five times each with every pair of values
        assert irs(code, GRID).value == pytest.approx(0, abs=1e-12)

    def test_one_outlier_decides_the_maximum_but_not_a_quantile(self):
        code = GRID[:, 0] + 0.0
        code[0] = 50
        factors = GRID[:, 0]
        assert irs(code, factors, quantile=0.9).value > irs(code, factors, quantile=1.0).value + 0.2

    def test_negative_where_a_fixed_value_moves_a_code_further_than_its_whole_range(self):
        """Nine small groups at -1 except for one sample at 1, and a large group at 1."""
        small = np.repeat(np.arange(9), 10)
        factor = np.concatenate([small, np.full(10, 9)])
        code = np.where(np.arange(100) % 10, -1.0, 1.0)
        code[90:] = 1
        value = irs(code, factor, quantile=1.0).value
        mean = code.mean()
        assert value == pytest.approx(1 - 0.9 * 1.8 / max(1 - mean, 1 + mean))
        assert value >= -1


class TestKinds:
    def test_a_categorical_code_is_as_far_from_its_mean_as_its_indicators(self):
        code = Variables.wrap(GRID[:, 1], kinds=["categorical"])
        score = irs(code, GRID, quantile=1.0)
        assert score.value == 1
        assert score.details["robustness"] == [pytest.approx([0, 1], abs=1e-12)]

    def test_a_cyclic_code_is_near_itself_across_the_turn(self):
        rng = np.random.default_rng(0)
        factor = rng.integers(0, 4, 400)
        angle = (factor * np.pi / 2 + 0.1 * rng.standard_normal(400)) % (2 * np.pi)
        as_angle, as_number = (
            irs(Variables.wrap(angle, kinds=[kind]), factor).value for kind in ("cyclic", "continuous")
        )
        assert as_angle > 0.7 > as_number

    def test_empty_bins_do_not_count(self):
        values = np.array([0.0, 0.1, 0.2, 9.8, 9.9, 10.0] * 5)
        score = irs(values, Variables.wrap(values, kinds=["continuous"]), num_bins=20, quantile=1.0)
        assert score.value == pytest.approx(1 - 0.1 / 5)

    def test_a_continuous_factor_is_held_within_a_bin(self):
        value = np.random.default_rng(0).uniform(0, 1, 2_000)
        score = irs(value, Variables.wrap(value, kinds=["continuous"]), num_bins=10, quantile=1.0)
        assert score.value == pytest.approx(1 - 0.05 / 0.5, abs=0.01)


class TestLeftOut:
    def test_constant_codes_and_factors(self):
        codes = np.column_stack([np.full(120, 0.1), GRID])
        score = irs(codes, np.column_stack([GRID, np.ones(120)]).astype(int))
        assert score.value == irs(GRID.astype(float), GRID).value
        assert score.details["constant_codes"] == ["c1"]
        assert score.details["constant_factors"] == ["f3"]

    def test_a_factor_whose_values_never_repeat(self):
        each = np.column_stack([GRID[:, 0], np.arange(120)])
        assert irs(GRID.astype(float), each).details["factors"] == ["f1"]
        assert irs(GRID.astype(float), np.arange(120)).reason.startswith("no factor has the same value twice")

    def test_nothing_to_score(self):
        assert irs(np.full((120, 2), 0.1), GRID).reason == "every code is constant"
        assert irs(GRID.astype(float), np.ones(120, dtype=int)).reason == "no factor varies: f1"

    @pytest.mark.parametrize("quantile", [-0.1, 1.5])
    def test_invalid_quantiles(self, quantile):
        with pytest.raises(MetricError, match="quantile is"):
            irs(GRID.astype(float), GRID, quantile=quantile)
