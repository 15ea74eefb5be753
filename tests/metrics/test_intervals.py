"""Coverage of the intervals, by simulation, and edge cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from disentangle_bench.metrics.intervals import (
    bootstrap_interval,
    mean_interval,
    parts_interval,
    resampled_tables,
    share_interval,
)
from disentangle_bench.metrics.predictor.agreement import normalized_mutual_information

LOWEST, HIGHEST = 0.91, 0.99  # 95 %, with the error of 400 repeats and of the bootstrap


def coverage(intervals: list[tuple[float, float]], truth: float) -> float:
    return float(np.mean([low <= truth <= high for low, high in intervals]))


class TestMean:
    def test_agrees_with_scipy(self):
        values = np.random.default_rng(0).standard_normal(30)
        expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert mean_interval(values) == pytest.approx((expected.low, expected.high))

    def test_coverage_on_skewed_samples(self):
        rng = np.random.default_rng(1)
        intervals = [mean_interval(rng.exponential(size=200)) for _ in range(400)]
        assert LOWEST <= coverage(intervals, 1.0) <= HIGHEST


class TestParts:
    def test_of_a_mean_is_the_interval_of_that_mean(self):
        rng = np.random.default_rng(2)
        intervals = []
        for _ in range(400):
            values = rng.standard_normal(200)
            intervals.append(parts_interval(values.mean(), values.reshape(20, 10).mean(axis=1)))
        assert LOWEST <= coverage(intervals, 0.0) <= HIGHEST

    def test_without_spread_it_has_no_width(self):
        assert parts_interval(0.5, [0.5] * 20) == (0.5, 0.5)


class TestBootstrap:
    def test_resampled_tables_keep_the_size_and_the_shares(self):
        table = np.array([[50, 0], [30, 20]])
        tables = resampled_tables(table, 4_000, np.random.default_rng(0))
        assert tables.shape == (4_000, 2, 2)
        assert (tables.sum(axis=(1, 2)) == 100).all()
        assert (tables[:, 0, 1] == 0).all()
        assert tables.mean(axis=0) == pytest.approx(table, abs=0.3)

    def test_resampling_a_table_is_resampling_its_rows(self):
        rng = np.random.default_rng(3)
        pairs = np.repeat([[0, 0], [0, 1], [1, 1]], [40, 25, 35], axis=0)
        drawn = [pairs[rng.integers(0, 100, 100)] for _ in range(2_000)]
        by_rows = [float((rows[:, 0] == rows[:, 1]).mean()) for rows in drawn]
        tables = resampled_tables([[40, 25], [0, 35]], 2_000, rng)
        by_table = np.trace(tables, axis1=1, axis2=2) / 100
        assert stats.ks_2samp(by_rows, by_table).pvalue > 0.01

    def test_coverage_of_a_share(self):
        rng = np.random.default_rng(4)
        intervals = []
        for _ in range(400):
            correct = int(rng.binomial(300, 0.8))
            tables = resampled_tables([[correct, 300 - correct]], 300, rng)
            intervals.append(bootstrap_interval(correct / 300, tables[:, 0, 0] / 300))
        assert LOWEST <= coverage(intervals, 0.8) <= HIGHEST

    def test_coverage_of_nmi(self):
        """Coverage of the mean of NMI at this size, which includes its plug-in bias once."""
        rng = np.random.default_rng(5)
        joint = np.full((4, 4), 0.1 / 4) + np.eye(4) * 0.6 / 4
        joint /= joint.sum()
        sample = rng.multinomial(200, joint.ravel(), size=20_000).reshape(-1, 4, 4)
        expected = float(normalized_mutual_information(sample).mean())
        intervals = []
        for table in sample[:400]:
            value = float(normalized_mutual_information(table))
            replicates = normalized_mutual_information(resampled_tables(table, 300, rng))
            intervals.append(bootstrap_interval(value, replicates, (0, 1)))
        assert LOWEST <= coverage(intervals, expected) <= HIGHEST

    def test_the_value_lies_inside_and_the_ends_within_bounds(self):
        rng = np.random.default_rng(6)
        table = rng.multinomial(60, np.full(16, 1 / 16)).reshape(4, 4)
        value = float(normalized_mutual_information(table))
        low, high = bootstrap_interval(value, normalized_mutual_information(resampled_tables(table, 500, rng)), (0, 1))
        assert 0 <= low <= value <= high <= 1

    def test_without_spread_it_is_the_value(self):
        assert bootstrap_interval(1.0, np.ones(100), (0, 1)) == (1.0, 1.0)


class TestShare:
    def test_is_a_bootstrap_interval_where_samples_differ(self):
        replicates = np.random.default_rng(0).binomial(50, 0.4, 500) / 50
        assert share_interval(0.4, replicates, 50) == bootstrap_interval(0.4, replicates, (0, 1))

    @pytest.mark.parametrize(("value", "low", "high"), [(1.0, 50 / 53.8415, 1.0), (0.0, 0.0, 3.8415 / 53.8415)])
    def test_is_wilsons_interval_where_all_samples_agree(self, value, low, high):
        assert share_interval(value, np.full(500, value), 50) == pytest.approx((low, high), abs=1e-6)
