"""Rank correlations against scipy's, for samples with ties and for every resample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from disentangle_bench.metrics.generator.rank_correlation import Ranks, eta_squared, spearman
from disentangle_bench.metrics.intervals import bootstrap_interval

values = arrays(np.int64, 12, elements=st.integers(0, 6))


def once(n: int) -> np.ndarray:
    return np.ones((1, n), dtype=np.int64)


@settings(deadline=None)
@given(values)
def test_ranks_are_scipys_from_their_mean(x):
    assert Ranks.of(x, once(12)).values[0] == pytest.approx(stats.rankdata(x) - 6.5)


@settings(deadline=None)
@given(values, values)
def test_spearman_is_scipys(x, y):
    assume(np.ptp(x) and np.ptp(y))
    assert spearman(Ranks.of(x, once(12)), Ranks.of(y, once(12)))[0] == pytest.approx(stats.spearmanr(x, y).statistic)


@settings(deadline=None)
@given(values, arrays(np.int64, 12, elements=st.integers(0, 3)))
def test_eta_squared_is_kruskals_h_over_n_minus_one(y, groups):
    assume(np.ptp(y) and np.ptp(groups))
    h = stats.kruskal(*(y[groups == group] for group in np.unique(groups))).statistic
    assert eta_squared(groups, Ranks.of(y, once(12)))[0] == pytest.approx(h / 11)


def test_resamples_are_ranked_anew():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 20, 60)
    y = np.round(x + rng.normal(scale=8, size=60))
    groups = x % 3
    counts = rng.multinomial(60, np.full(60, 1 / 60), size=40)
    correlations = spearman(Ranks.of(x, counts), Ranks.of(y, counts))
    ratios = eta_squared(groups, Ranks.of(y, counts))
    for row, correlation, ratio in zip(counts, correlations, ratios, strict=True):
        again = np.repeat(np.arange(60), row)
        assert correlation == pytest.approx(stats.spearmanr(x[again], y[again]).statistic)
        h = stats.kruskal(*(y[again][groups[again] == group] for group in range(3))).statistic
        assert ratio == pytest.approx(h / 59)


def test_partial_correlation_given_groups_is_that_of_regression_residuals():
    rng = np.random.default_rng(1)
    groups = rng.integers(0, 4, 200)
    x, y = rng.normal(size=200) + groups, rng.normal(size=200) - 2 * groups
    dummies = np.eye(4)[groups]
    residuals = [
        ranks - dummies @ np.linalg.lstsq(dummies, ranks, rcond=None)[0]
        for ranks in (stats.rankdata(x), stats.rankdata(y))
    ]
    figure = spearman(Ranks.of(x, once(200), groups), Ranks.of(y, once(200), groups))[0]
    assert figure == pytest.approx(np.corrcoef(*residuals)[0, 1])
    assert abs(figure) < 0.2
    assert spearman(Ranks.of(x, once(200)), Ranks.of(y, once(200)))[0] < -0.4


def test_equal_values_have_no_correlation():
    flat, steep = Ranks.of(np.ones(9), once(9)), Ranks.of(np.arange(9), once(9))
    alone = Ranks.of(np.arange(9), once(9), np.arange(9))
    assert np.isnan(spearman(flat, steep)).all()
    assert np.isnan(spearman(alone, alone)).all()
    assert np.isnan(eta_squared(np.arange(9) % 2, flat)).all()


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.2, 0.6, 2.0])
def test_bootstrap_intervals_cover_the_true_correlation_95_times_in_100(noise):
    """Uniform code, measure with noise that grows with it: neither normal nor of equal spread."""
    rng = np.random.default_rng(2)

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        code = rng.uniform(-1, 1, n)
        return code, code + noise * (1.5 + code) * rng.standard_normal(n)

    truth, n, repeats, covered = stats.spearmanr(*draw(1_000_000)).statistic, 200, 300, 0
    for _ in range(repeats):
        code, measure = draw(n)
        counts = rng.multinomial(n, np.full(n, 1 / n), size=300)
        replicates = spearman(Ranks.of(code, counts), Ranks.of(measure, counts))
        value = spearman(Ranks.of(code, once(n)), Ranks.of(measure, once(n)))[0]
        low, high = bootstrap_interval(value, replicates, (-1, 1))
        covered += low <= truth <= high
    assert 0.91 <= covered / repeats <= 0.985
