"""Differences against scipy, against published figures, and against what they promise: level, coverage, power."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from disentangle_bench.evaluation.differences import (
    ScoredInterval,
    difference_of_intervals,
    paired_difference,
    paired_t,
    tango_interval,
    welch_difference,
)

Z = stats.norm.ppf(0.975)
COUNTS = st.integers(0, 40)
SCORED = st.builds(
    lambda value, down, up: ScoredInterval(value, value - down, value + up),
    st.floats(0, 1),
    st.floats(0, 0.3),
    st.floats(0, 0.3),
)


def correlated(rng: np.random.Generator, n: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Two columns that share a skewed part, the second higher by `shift` on average."""
    shared = rng.exponential(size=n)
    return shared + rng.normal(scale=0.5, size=n), shared + shift + rng.normal(scale=0.5, size=n)


class TestPaired:
    def test_is_scipys_paired_t(self):
        first, second = correlated(np.random.default_rng(0), 50, 0.1)
        expected = stats.ttest_rel(second, first)
        estimate = paired_difference(first, second)
        assert estimate.value == pytest.approx((second - first).mean())
        assert estimate.p == pytest.approx(expected.pvalue)
        assert (estimate.low, estimate.high) == pytest.approx(expected.confidence_interval(0.95))
        assert estimate.method == "paired t"

    def test_gains_from_pairing(self):
        first, second = correlated(np.random.default_rng(0), 500)
        paired, unpaired = paired_difference(first, second), welch_difference(first, second)
        assert paired.high - paired.low < 0.7 * (unpaired.high - unpaired.low)

    def test_equal_samples_differ_by_exactly_nothing(self):
        values = np.random.default_rng(0).normal(size=20)
        estimate = paired_difference(values, values.copy())
        assert estimate[:4] == (0, 0, 0, 1)

    def test_a_constant_shift_has_no_interval_even_after_rounding(self):
        values = np.random.default_rng(0).normal(size=3) + 1e3
        estimate = paired_t(values, values + 0.1)
        assert estimate.value == pytest.approx(0.1)
        assert (estimate.low, estimate.p) == (None, None)
        assert "all 3 pairs differ by the same" in estimate.reason

    def test_one_pair_has_no_interval(self):
        estimate = paired_difference(np.array([0.25]), np.array([0.5]))
        assert (estimate.value, estimate.p, estimate.reason) == (0.25, None, "there is only one pair")

    def test_holds_its_level_and_covers(self):
        rng = np.random.default_rng(1)
        estimates = [paired_difference(*correlated(rng, 40, 0.3)) for _ in range(600)]
        covered = np.mean([estimate.low <= 0.3 <= estimate.high for estimate in estimates])
        assert covered == pytest.approx(0.95, abs=0.025)  # nearly three standard errors
        null = [paired_difference(*correlated(rng, 40)).p < 0.05 for _ in range(600)]
        assert np.mean(null) == pytest.approx(0.05, abs=0.025)


class TestMcNemar:
    def test_is_the_exact_test_of_the_discordant_pairs(self):
        first = np.array([1] * 36 + [0] * 12 + [1] * 2, dtype=float)
        second = np.array([1] * 36 + [1] * 12 + [0] * 2, dtype=float)
        estimate = paired_difference(first, second)
        by_hand = 2 * sum(math.comb(14, k) for k in range(3)) / 2**14
        assert estimate.p == pytest.approx(by_hand)
        assert estimate.value == pytest.approx(10 / 50)
        assert estimate.method == "exact McNemar"

    def test_concordant_pairs_change_nothing_but_the_interval(self):
        assert paired_difference(np.zeros(9), np.zeros(9)).p == 1
        assert paired_difference(np.ones(9), np.ones(9)).low == pytest.approx(-(Z**2) / (9 + Z**2))

    @pytest.mark.parametrize("discordant", [0.02, 0.3])
    def test_never_exceeds_its_level(self, discordant):
        rng = np.random.default_rng(2)
        rejected = 0
        for _ in range(600):
            first = (rng.random(200) < 0.7).astype(float)
            second = np.where(rng.random(200) < discordant, (rng.random(200) < 0.7).astype(float), first)
            rejected += paired_difference(first, second).p < 0.05
        assert rejected / 600 < 0.077  # 0.05 and three standard errors

    def test_sees_three_points_on_ten_thousand_images(self):
        rng = np.random.default_rng(3)
        found = 0
        for _ in range(100):
            first = (rng.random(10_000) < 0.90).astype(float)
            second = (rng.random(10_000) < 0.93).astype(float)
            found += paired_difference(first, second).p < 0.05 / 20
        assert found == 100


class TestTango:
    def test_published_example(self):
        # Tango (1998), the example of Newcombe (1998): 12 gains and 2 losses among 50.
        assert tango_interval(12, 2, 50) == pytest.approx((0.0611, 0.3447), abs=1e-4)

    def test_without_discordant_pairs_has_a_closed_form(self):
        assert tango_interval(0, 0, 50) == pytest.approx((-(Z**2) / (50 + Z**2), Z**2 / (50 + Z**2)))

    def test_ends_at_the_ends_of_the_scale(self):
        assert tango_interval(10, 0, 10)[1] == 1
        assert tango_interval(0, 7, 7)[0] == -1

    @given(COUNTS, COUNTS, COUNTS)
    def test_its_ends_are_where_the_score_test_just_rejects(self, gains, losses, rest):
        n = gains + losses + rest + 1
        low, high = tango_interval(gains, losses, n)
        assert -1 <= low <= (gains - losses) / n <= high <= 1
        for end, sign in ((low, 1), (high, -1)):
            if abs(end) < 1:
                assert score_statistic(gains, losses, n, end) == pytest.approx(sign * Z, abs=1e-3)

    @given(COUNTS, COUNTS, COUNTS)
    def test_swapping_the_two_mirrors_it(self, gains, losses, rest):
        n = gains + losses + rest + 1
        low, high = tango_interval(gains, losses, n)
        assert tango_interval(losses, gains, n) == pytest.approx((-high, -low), abs=1e-9)

    @pytest.mark.parametrize(("p_gain", "p_loss"), [(0.02, 0.005), (0.1, 0.1), (0.3, 0.05)])
    def test_covers(self, p_gain, p_loss):
        tables = np.random.default_rng(4).multinomial(120, [p_gain, p_loss, 1 - p_gain - p_loss], size=1500)
        intervals = [tango_interval(gains, losses, 120) for gains, losses, _ in tables]
        covered = np.mean([low <= p_gain - p_loss <= high for low, high in intervals])
        assert 0.93 <= covered <= 0.985


def score_statistic(gains: int, losses: int, n: int, difference: float) -> float:
    """The score statistic, its nuisance probability found by maximizing the likelihood numerically."""

    def unlikelihood(lost: float) -> float:
        cells = ((gains, lost + difference), (losses, lost), (n - gains - losses, 1 - 2 * lost - difference))
        return -sum(count * math.log(max(p, 1e-300)) for count, p in cells if count)

    bounds = max(0.0, -difference), (1 - difference) / 2
    best = optimize.minimize_scalar(unlikelihood, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
    lost = min((*bounds, best), key=unlikelihood)
    return (gains - losses - n * difference) / math.sqrt(n * (2 * lost + difference * (1 - difference)))


class TestWelch:
    def test_is_scipys_welch(self):
        rng = np.random.default_rng(5)
        first, second = rng.normal(size=30), rng.normal(0.5, 3, size=70)
        expected = stats.ttest_ind(second, first, equal_var=False)
        estimate = welch_difference(first, second)
        assert estimate.p == pytest.approx(expected.pvalue)
        assert (estimate.low, estimate.high) == pytest.approx(expected.confidence_interval(0.95))

    def test_holds_its_level_with_unequal_spreads_and_sizes(self):
        rng = np.random.default_rng(6)
        null = [welch_difference(rng.normal(size=15), rng.normal(0, 4, size=60)).p < 0.05 for _ in range(600)]
        assert np.mean(null) == pytest.approx(0.05, abs=0.025)

    def test_without_spread_there_is_no_interval(self):
        assert "spread is unknown" in welch_difference(np.ones(5), np.ones(6)).reason
        assert "only one sample" in welch_difference(np.ones(1), np.arange(6.0)).reason


class TestOfIntervals:
    def test_symmetric_intervals_add_in_squares(self):
        estimate = difference_of_intervals(ScoredInterval(1, 0.7, 1.3), ScoredInterval(2, 1.6, 2.4))
        assert (estimate.value, estimate.low, estimate.high) == pytest.approx((1, 0.5, 1.5))
        assert estimate.p == pytest.approx(2 * stats.norm.sf(1 / (0.5 / Z)))

    def test_lopsided_intervals_stay_lopsided(self):
        estimate = difference_of_intervals(ScoredInterval(0.9, 0.8, 0.92), ScoredInterval(0.9, 0.8, 0.92))
        assert estimate.low == pytest.approx(-math.hypot(0.1, 0.02))
        assert estimate.high == pytest.approx(math.hypot(0.1, 0.02))
        assert estimate.p == 1

    @given(SCORED, SCORED)
    def test_excludes_zero_exactly_when_p_is_below_five_percent(self, first, second):
        estimate = difference_of_intervals(first, second)
        if estimate.p is not None and abs(estimate.p - 0.05) > 1e-9:
            assert (estimate.low > 0 or estimate.high < 0) == (estimate.p < 0.05)

    def test_without_width_there_is_no_interval(self):
        estimate = difference_of_intervals(ScoredInterval(1, 1, 1), ScoredInterval(2, 2, 2))
        assert (estimate.value, estimate.p, estimate.reason) == (1, None, "the two intervals have no width")

    def test_holds_its_level(self):
        rng = np.random.default_rng(7)

        def scored(values: np.ndarray) -> ScoredInterval:
            half = Z * values.std(ddof=1) / math.sqrt(len(values))
            return ScoredInterval(values.mean(), values.mean() - half, values.mean() + half)

        draws = rng.normal(size=(2000, 2, 100))
        null = [difference_of_intervals(scored(first), scored(second)).p < 0.05 for first, second in draws]
        assert np.mean(null) == pytest.approx(0.05, abs=0.015)
