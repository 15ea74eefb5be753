"""Downstream efficiency: accuracies against scikit-learn's, the cost of few labels, and too few rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics import METRICS
from disentangle_bench.metrics.predictor.downstream import ACCURACIES, EFFICIENCIES
from disentangle_bench.representation.variables import Variables

N = 1_800
TRAIN = np.arange(N) % 3 > 0


def downstream(codes, factors, train=TRAIN, **settings):
    return METRICS.get("downstream")(codes, factors, train, **settings)


def forest(codes, factors, train=TRAIN, **settings):
    return METRICS.get("downstream/forest")(codes, factors, train, **({"trees": 10, "repeats": 1} | settings))


def draw(seed=0, sizes=(3, 4)):
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(0, size, N) for size in sizes], axis=1)
    return factors + 0.5 * rng.standard_normal(factors.shape), factors


def values_of(scores):
    return {part: score.value for part, score in scores.items()}


class TestAccuracies:
    def test_accuracy_with_the_most_rows_agrees_with_scikit_learn(self):
        codes, factors = draw()
        scaled = StandardScaler().fit(codes[TRAIN]).transform(codes)
        expected = [
            LogisticRegression().fit(scaled[TRAIN], column[TRAIN]).score(scaled[~TRAIN], column[~TRAIN])
            for column in factors.T
        ]
        scores = downstream(codes, factors)
        assert list(scores) == [*EFFICIENCIES, *ACCURACIES]
        assert list(scores["accuracy.most"].details["factors"].values()) == pytest.approx(expected, abs=2e-3)
        assert scores["accuracy.most"].details["train_rows"] == 1_200

    @pytest.mark.parametrize("function", [downstream, forest])
    def test_efficiencies_are_ratios_of_accuracies(self, function):
        values = values_of(function(*draw()))
        assert values["efficiency"] == values["accuracy.100"] / values["accuracy.most"]
        assert values["efficiency.1000"] == values["accuracy.1000"] / values["accuracy.most"]

    def test_codes_equal_to_the_factors_need_few_labels(self):
        factors = draw(sizes=(2, 2))[1]
        assert values_of(downstream(factors * 2.0 - 1, factors)) == dict.fromkeys([*EFFICIENCIES, *ACCURACIES], 1.0)

    def test_uninformative_codes_are_efficient_but_inaccurate(self):
        factors = draw(sizes=(2, 2))[1]
        values = values_of(downstream(np.zeros((N, 2)), factors))
        assert values["accuracy.most"] == pytest.approx(0.5, abs=0.05)
        assert values["efficiency"] == pytest.approx(1, abs=0.1)

    def test_a_difficult_code_is_less_efficient(self):
        """The same factors, plain and spread over many noisy codes."""
        codes, factors = draw(sizes=(6, 6))
        rng = np.random.default_rng(1)
        spread = np.column_stack([codes, rng.standard_normal((N, 40))]) @ rng.standard_normal((42, 42))
        assert (
            values_of(downstream(spread, factors))["efficiency"] < values_of(downstream(codes, factors))["efficiency"]
        )

    def test_a_forest_learns_what_is_not_linear(self):
        rng = np.random.default_rng(0)
        codes = rng.uniform(-1, 1, (N, 2))
        factor = (codes[:, 0] * codes[:, 1] > 0).astype(int)
        assert values_of(forest(codes, factor))["accuracy.most"] > 0.9
        assert values_of(downstream(codes, factor))["accuracy.most"] < 0.7


class TestKinds:
    def test_a_categorical_code_counts_as_indicators(self):
        factor = np.random.default_rng(0).integers(0, 6, N)
        codes = Variables.wrap(factor, kinds=["categorical"])
        assert values_of(downstream(codes, factor % 2))["accuracy.100"] == 1

    def test_a_continuous_factor_is_binned(self):
        codes, factors = draw()
        moved = Variables.wrap(factors[:, 1] + 0.2, kinds=["continuous"])
        assert values_of(downstream(codes, moved, num_bins=4)) == values_of(downstream(codes, factors[:, 1]))

    def test_the_scale_of_codes_does_not_matter(self):
        codes, factors = draw()
        stretched = values_of(downstream(codes * [100, 0.01] + [5, 0], factors))
        assert stretched == pytest.approx(values_of(downstream(codes, factors)), abs=2e-3)


class TestUndefined:
    def test_too_few_rows(self):
        codes, factors = draw()
        for score in downstream(codes[:150], factors[:150], TRAIN[:150]).values():
            assert score.reason == "there are 100 train rows, which is not more than 100"
        some = downstream(codes[:600], factors[:600], TRAIN[:600])
        assert some["efficiency.1000"].reason == some["accuracy.1000"].reason == "there are only 400 train rows"
        assert some["efficiency"].details == {"few": 100, "most": 400, "constant_factors": []}

    def test_no_factor(self):
        assert downstream(draw()[0], np.ones(N, dtype=int))["efficiency"].reason == "no factor varies: f1"

    def test_classes_that_the_train_rows_lack(self):
        factor = np.where(TRAIN, 0, 1)
        scores = downstream(draw()[0], factor)
        assert scores["accuracy.most"].value == 0
        assert scores["efficiency"].reason == "no sample is classified correctly with 1200 train rows"

    @pytest.mark.parametrize(("setting", "function"), [("repeats", downstream), ("repeats", forest), ("trees", forest)])
    def test_invalid_settings(self, setting, function):
        with pytest.raises(MetricError, match=f"{setting} is 0"):
            function(*draw(), **{setting: 0})


@pytest.mark.parametrize("function", [downstream, forest])
def test_a_seed_draws_the_rows(function):
    codes, factors = draw()
    first, again, other = (values_of(function(codes, factors, seed=seed)) for seed in (0, 0, 1))
    assert first == again != other
