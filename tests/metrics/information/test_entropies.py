"""Estimators of entropy and mutual information against closed forms, scikit-learn and disentanglement_lib."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.metrics import mutual_info_score

from disentangle_bench.errors import MetricError, RepresentationError
from disentangle_bench.metrics.information.entropies import (
    conditional_entropy,
    contingency_table,
    discretize,
    entropy,
    ksg_mutual_information,
    mutual_information,
    ross_mutual_information,
)
from disentangle_bench.representation.variables import Variables

tables = arrays(np.int64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 50)).filter(
    lambda table: table.sum() > 0
)


def symmetric_channel(k: int, flip: float) -> np.ndarray:
    """Joint probabilities of a k-ary symbol and what arrives: another symbol, evenly, with probability `flip`."""
    joint = np.full((k, k), flip / (k - 1) / k)
    np.fill_diagonal(joint, (1 - flip) / k)
    return joint


def symmetric_information(k: int, flip: float) -> float:
    """`I` of that channel, in nats: `ln k - h(flip) - flip ln(k - 1)`."""
    binary = stats.bernoulli(flip).entropy()
    return float(math.log(k) - binary - flip * math.log(k - 1))


def gaussian_pair(correlation: float, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x, noise = rng.standard_normal((2, n))
    return x, correlation * x + math.sqrt(1 - correlation**2) * noise


def gaussian_information(correlation: float) -> float:
    return -0.5 * math.log(1 - correlation**2)


class TestTables:
    def test_counts_pairs_of_any_type(self):
        assert contingency_table(["b", "a", "b"], [2.5, 2.5, -1.0]).tolist() == [[0, 1], [1, 1]]

    def test_unequal_lengths(self):
        with pytest.raises(MetricError, match="3 and 2 values"):
            contingency_table([1, 2, 3], [1, 2])

    @given(tables)
    def test_plug_in_agrees_with_scikit_learn(self, table):
        expected = mutual_info_score(None, None, contingency=table)
        assert mutual_information(table) == pytest.approx(expected, abs=1e-12)

    @given(tables)
    def test_entropy_agrees_with_scipy(self, table):
        assert entropy(table.ravel()) == pytest.approx(stats.entropy(table.ravel()), abs=1e-12)

    @given(tables)
    def test_chain_rule(self, table):
        rows = entropy(table.sum(axis=1))
        assert mutual_information(table) + conditional_entropy(table) == pytest.approx(rows, abs=1e-12)
        assert mutual_information(table) == pytest.approx(mutual_information(table.T), abs=1e-12)
        assert -1e-12 <= mutual_information(table) <= rows + 1e-12

    def test_many_tables_at_once(self):
        several = np.random.default_rng(0).integers(0, 9, (5, 3, 4))
        for function in (mutual_information, conditional_entropy):
            for correction in ("plug-in", "miller-madow"):
                one_by_one = [float(function(table, correction=correction)) for table in several]
                assert function(several, correction=correction).tolist() == pytest.approx(one_by_one)

    def test_an_empty_distribution_has_no_entropy(self):
        assert entropy([0, 0, 0]) == 0
        assert entropy([0, 0, 0], correction="miller-madow") == 0

    def test_unknown_correction(self):
        with pytest.raises(MetricError, match="'jackknife' is not a bias correction"):
            entropy([1, 2], correction="jackknife")


class TestSymmetricChannel:
    @pytest.mark.parametrize("k", [2, 3, 10])
    @pytest.mark.parametrize("flip", [0.0, 0.1, 0.5])
    def test_exact_probabilities_give_the_exact_information(self, k, flip):
        table = symmetric_channel(k, flip) * 1e6
        assert mutual_information(table) == pytest.approx(symmetric_information(k, flip), abs=1e-9)

    def test_an_even_channel_carries_nothing(self):
        assert symmetric_information(4, 0.75) == pytest.approx(0, abs=1e-12)
        assert mutual_information(symmetric_channel(4, 0.75) * 1e6) == pytest.approx(0, abs=1e-12)

    @pytest.mark.parametrize(("k", "flip"), [(4, 0.75), (10, 0.3), (10, 0.0)], ids=["independent", "noisy", "exact"])
    def test_miller_madow_removes_the_bias(self, k, flip):
        """The plug-in estimate is off by about `(m - r - c + 1) / 2n` for `m` cells in use; correction helps."""
        samples, repeats = 40 * k * k, 2_000
        drawn = np.random.default_rng(1).multinomial(samples, symmetric_channel(k, flip).ravel(), size=repeats)
        drawn = drawn.reshape(repeats, k, k)
        truth = symmetric_information(k, flip)
        corrected = mutual_information(drawn, correction="miller-madow")
        bias = corrected.mean() - truth
        plug_in_bias = mutual_information(drawn).mean() - truth
        assert abs(plug_in_bias) > 0.001
        assert abs(bias) < max(abs(plug_in_bias) / 4, 3 * corrected.std() / math.sqrt(repeats))


class TestKraskov:
    @pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6, 0.9, 0.99])
    @pytest.mark.parametrize("neighbors", [3, 8])
    def test_gaussian_channel(self, correlation, neighbors):
        estimate = ksg_mutual_information(*gaussian_pair(correlation, 5_000, seed=2), neighbors=neighbors)
        assert estimate == pytest.approx(gaussian_information(correlation), abs=0.045)  # three standard deviations

    def test_bias_is_small(self):
        estimates = [ksg_mutual_information(*gaussian_pair(0.6, 500, seed)) for seed in range(60)]
        error = np.std(estimates) / math.sqrt(60)
        assert np.mean(estimates) == pytest.approx(gaussian_information(0.6), abs=3 * error + 0.005)

    def test_uniform_code_with_uniform_noise(self):
        """`y = x + u`, `x ~ U(-1, 1)`, `u ~ U(-a, a)`: `I = h(y) - h(u)`, which for a < 1 is `ln(1 / a) + a / 2`."""
        rng = np.random.default_rng(3)
        a = 0.25
        x, u = rng.uniform(-1, 1, 8_000), rng.uniform(-a, a, 8_000)
        assert ksg_mutual_information(x, x + u) == pytest.approx(math.log(1 / a) + a / 2, abs=0.03)

    @pytest.mark.parametrize("correlation", [0.0, 0.5, 0.95])
    def test_agrees_with_scikit_learn(self, correlation):
        x, y = gaussian_pair(correlation, 1_000, seed=4)
        expected = mutual_info_regression(x[:, None], y, n_neighbors=3, random_state=0)[0]
        assert max(0, ksg_mutual_information(x, y)) == pytest.approx(expected, abs=1e-6)

    def test_more_columns_carry_more_information(self):
        x, y = gaussian_pair(0.6, 3_000, seed=5)
        _, z = gaussian_pair(0.0, 3_000, seed=6)
        both = ksg_mutual_information(np.stack([x, z], axis=1), np.stack([y, z + y], axis=1))
        assert both > ksg_mutual_information(x, y) + 0.5

    def test_is_symmetric_and_scale_invariant(self):
        x, y = gaussian_pair(0.7, 800, seed=7)
        estimate = ksg_mutual_information(x, y)
        assert ksg_mutual_information(y, x) == pytest.approx(estimate, abs=1e-6)
        assert ksg_mutual_information(1e4 * x + 5, -1e-3 * y) == pytest.approx(estimate, abs=1e-6)

    def test_a_constant_carries_nothing(self):
        x, _ = gaussian_pair(0, 1_000, seed=8)
        assert ksg_mutual_information(x, np.full(1_000, 3.0)) == pytest.approx(0, abs=0.05)

    def test_tied_values_do_not_break_it(self):
        x, _ = gaussian_pair(0, 2_000, seed=9)
        rounded = np.round(x)
        plug_in = mutual_info_score(rounded, np.sign(x))
        assert ksg_mutual_information(rounded, np.sign(x)) == pytest.approx(plug_in, abs=0.1)

    def test_is_reproducible(self):
        pair = gaussian_pair(0.5, 300, seed=10)
        assert ksg_mutual_information(*pair) == ksg_mutual_information(*pair)

    @pytest.mark.parametrize(("n", "m", "k"), [(10, 9, 3), (3, 3, 3), (10, 10, 0)])
    def test_sizes_that_do_not_fit(self, n, m, k):
        with pytest.raises(MetricError, match=f"{k} nearest neighbors among {n} values of x and {m} of y"):
            ksg_mutual_information(np.arange(n), np.arange(m), neighbors=k)


class TestRoss:
    @pytest.mark.parametrize("overlap", [0.0, 0.25, 1.0])
    def test_classes_that_overlap(self, overlap):
        """Two classes, uniform on intervals that share a part: `I = (1 - overlap) ln 2`."""
        rng = np.random.default_rng(0)
        labels = rng.integers(0, 2, 6_000)
        x = rng.uniform(0, 1, 6_000) + labels * (1 - overlap)
        estimate = ross_mutual_information(x, labels, neighbors=5)
        assert estimate == pytest.approx((1 - overlap) * math.log(2), abs=0.02)

    @pytest.mark.parametrize("neighbors", [1, 3, 10])
    def test_agrees_with_scikit_learn(self, neighbors):
        rng = np.random.default_rng(1)
        labels = np.concatenate([rng.integers(0, 6, 900), np.full(4, 7), [8]])  # a rare class, and one sample alone
        x = labels + rng.standard_normal(len(labels))
        expected = mutual_info_classif(x[:, None], labels, n_neighbors=neighbors, discrete_features=False)[0]
        estimate = ross_mutual_information(x, labels, neighbors=neighbors)
        assert estimate == pytest.approx(expected, abs=2e-4)  # the noise that breaks ties can move a neighbor or two

    def test_columns_carry_together_what_neither_does_alone(self):
        x = np.random.default_rng(2).uniform(-1, 1, (4_000, 2))
        labels = x[:, 0] * x[:, 1] > 0
        assert ross_mutual_information(x, labels) > 0.6
        assert ross_mutual_information(x[:, 0], labels) == pytest.approx(0, abs=0.03)

    def test_labels_of_any_type_and_values_of_any_scale(self):
        rng = np.random.default_rng(3)
        labels = rng.integers(0, 3, 600)
        x = labels + rng.standard_normal(600)
        estimate = ross_mutual_information(x, labels)
        assert ross_mutual_information(100 - 7 * x, np.array(["b", "c", "a"])[labels]) == pytest.approx(
            estimate, abs=1e-6
        )

    def test_tied_values_identify_their_class(self):
        labels = np.arange(400) % 4
        assert ross_mutual_information(labels, labels) == pytest.approx(math.log(4), abs=0.03)

    @pytest.mark.parametrize(("n", "m", "k"), [(10, 9, 3), (10, 10, 0)])
    def test_sizes_that_do_not_fit(self, n, m, k):
        with pytest.raises(MetricError, match=f"{k} nearest neighbors among {n} values and {m} labels"):
            ross_mutual_information(np.arange(n), np.arange(m), neighbors=k)

    def test_labels_that_occur_once(self):
        with pytest.raises(MetricError, match="No label occurs twice"):
            ross_mutual_information(np.arange(9), np.arange(9))


class TestDiscretize:
    def test_equal_width_bins(self):
        values = np.array([0.0, 0.1, 0.49, 0.5, 1.0])
        assert discretize(values, num_bins=2)[:, 0].tolist() == [0, 0, 0, 1, 1]

    def test_categories_keep_their_values(self):
        wide = np.array([0, 1, 2, 1000])
        assert discretize(wide, num_bins=2)[:, 0].tolist() == [0, 1, 2, 3]
        assert discretize(np.array(["b", "a"]))[:, 0].tolist() == [1, 0]

    def test_kinds_decide(self):
        values = np.array([[0.0, 0.0, 0.0], [1.0, 0.5, 1.0], [100.0, 3.0, 100.0]])
        mixed = Variables.wrap(values, kinds=["ordinal", "cyclic", "cyclic"])
        assert discretize(mixed, num_bins=2).tolist() == [[0, 0, 0], [1, 0, 1], [2, 1, 2]]

    def test_too_few_bins(self):
        with pytest.raises(MetricError, match="num_bins is 1"):
            discretize([0.0, 1.0], num_bins=1)

    def test_values_that_are_not_numbers(self):
        with pytest.raises(RepresentationError, match="NaN"):
            discretize([0.0, math.nan])
