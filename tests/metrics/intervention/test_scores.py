"""The four interventional scores on codes with known faults, on a full grid and on an incomplete one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from scipy.linalg import hadamard

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics import Score, beta_vae_score, factor_vae_score, z_diff, z_min_variance
from disentangle_bench.representation.variables import Variables

GRID = np.array(list(product(range(3), range(5), range(8), range(6))))
RNG = np.random.default_rng(0)
NOISE = RNG.standard_normal((len(GRID), 4))
ONES = (GRID - GRID.mean(axis=0)) / GRID.std(axis=0)
INCOMPLETE = RNG.random(len(GRID)) < 0.6
QUICK = {
    beta_vae_score: {"train_points": 1_000, "test_points": 1_000},
    factor_vae_score: {"train_votes": 1_000, "test_votes": 1_000},
    z_diff: {"batch_size": 64, "train_points": 1_000, "test_points": 1_000},
    z_min_variance: {},
}
every_score = pytest.mark.parametrize("score", QUICK, ids=lambda score: score.info.name)
by_variance = pytest.mark.parametrize("score", [factor_vae_score, z_min_variance], ids=lambda score: score.info.name)


def score_of(score: Callable[..., Score], codes: object, factors: object = GRID, **settings: object) -> Score:
    return score(codes, factors, **(QUICK[score] | settings))


def chance(score: Callable[..., Score], factors: int = 4) -> float:
    return 0.0 if score in (z_diff, z_min_variance) else 1 / factors


@every_score
@pytest.mark.parametrize("rows", [np.ones(len(GRID), dtype=bool), INCOMPLETE], ids=["full", "incomplete"])
class TestGrids:
    def test_perfect_codes(self, score, rows):
        assert score_of(score, ONES[rows], GRID[rows]).value == 1

    def test_perfect_codes_among_noise_and_dead_ones(self, score, rows):
        codes = np.column_stack([np.zeros(len(GRID)), ONES, 0.1 * NOISE[:, 0], NOISE[:, 1]])[rows]
        assert score_of(score, codes, GRID[rows]).value > 0.98

    def test_noise_is_chance(self, score, rows):
        """On average, also with few rows, since trials are not scored on rows that were fitted on."""
        values = []
        for seed in range(12):
            noise = np.random.default_rng(seed).standard_normal((rows.sum(), 4))
            values.append(score_of(score, noise, GRID[rows], seed=seed).value)
        assert np.mean(values) == pytest.approx(chance(score), abs=3 * np.std(values) / np.sqrt(12))
        assert np.mean(values) == pytest.approx(chance(score), abs=0.06)

    def test_one_code_that_holds_one_factor(self, score, rows):
        """Always right for that factor and a guess among the other three otherwise, for a majority vote."""
        codes = np.column_stack([ONES[:, 1], NOISE])[rows]
        result = score_of(score, codes, GRID[rows])
        assert result.details["recall"][1] > 0.95
        right = 1 / 4 + 3 / 4 * 1 / 3
        expected = (right - 1 / 4) / (3 / 4) if chance(score) == 0 else right
        assert result.value == pytest.approx(expected, abs=0.12)


@every_score
class TestInput:
    def test_an_even_mix_of_all_factors_in_every_code_scores_lower(self, score):
        mixed = score_of(score, ONES @ hadamard(4) / 2).value
        assert mixed < score_of(score, ONES).value - 0.3

    def test_a_seed_draws_the_trials(self, score):
        codes = ONES + NOISE
        first, again, other = (score_of(score, codes, seed=seed) for seed in (0, 0, 1))
        assert first == again
        assert first.details != other.details
        assert first.value == pytest.approx(other.value, abs=0.08)

    def test_a_categorical_code_is_one_code(self, score):
        """Under any names; as whole numbers on a scale it could do as well, but not as texts."""
        names = np.array(["sphere", "cube", "cone"])[GRID[:, 0]]
        values = np.column_stack([names, *(ONES[:, 1:].T.astype(str))])
        codes = Variables.wrap(values, kinds=["categorical"] * 4)
        result = score_of(score, codes)
        assert result.value == 1
        assert len(result.details["codes"]) == 4

    def test_mixed_codes(self, score):
        values = np.column_stack([(GRID[:, 1] * 3) % 5, ONES[:, 0], ONES[:, 2], GRID[:, 3]])
        codes = Variables.wrap(values, kinds=["categorical", "continuous", "ordinal", "cyclic"])
        assert score_of(score, codes).value == 1

    def test_a_cyclic_code_is_no_worse_where_it_wraps(self, score):
        angle = 2 * np.pi * GRID[:, 2] / 8 + 0.05 * NOISE[:, 0]
        for turn in (0, np.pi):
            values = np.column_stack([(angle + turn) % (2 * np.pi), ONES[:, [0, 1, 3]]])
            codes = Variables.wrap(values, kinds=["cyclic", *["continuous"] * 3])
            assert score_of(score, codes).value > 0.98

    def test_a_continuous_factor_is_held_within_a_bin(self, score):
        factors = RNG.uniform(-1, 1, (3_000, 3))
        assert score_of(score, 2 * factors, factors).value > 0.98

    def test_factors_of_text(self, score):
        factors = np.char.add("value ", GRID.astype(str))
        assert score_of(score, ONES, factors).value == 1

    def test_constant_factors_are_left_out_and_named(self, score):
        factors = np.column_stack([np.ones(len(GRID), dtype=int), GRID])
        result = score_of(score, ONES, factors)
        assert result.value == 1
        assert result.details["constant_factors"] == ["f1"]
        assert result.details["factors"] == ["f2", "f3", "f4", "f5"]

    def test_a_factor_without_repeated_values_is_left_out_and_named(self, score):
        factors = np.column_stack([GRID, np.arange(len(GRID))])
        result = score_of(score, ONES, factors)
        assert result.value == 1
        assert result.details["factors_without_repeated_values"] == ["f5"]

    @pytest.mark.parametrize(
        ("factors", "reason"),
        [
            (np.ones_like(GRID), "no factor varies"),
            (GRID[:, :1], "only f1 varies"),
            (np.arange(2 * len(GRID)).reshape(-1, 2), "no value repeats"),
        ],
    )
    def test_nothing_to_guess(self, score, factors, reason):
        result = score_of(score, ONES, factors)
        assert result.value is None
        assert result.reason.startswith(reason)

    def test_too_few_trials(self, score):
        with pytest.raises(MetricError, match="batch_size is 1"):
            score_of(score, ONES, batch_size=1)

    def test_scored_rows_were_not_fitted_on(self, score):
        """Codes that hold the factors in the training rows only."""
        train = np.random.default_rng(2).random(len(GRID)) < 0.5
        codes = np.where(train[:, None], ONES, NOISE)
        result = score(codes, GRID, train, **QUICK[score])
        assert result.details["train_accuracy"] > 0.95
        assert result.value < 0.6


@by_variance
class TestLeastVariance:
    def test_a_dead_code_has_no_vote(self, score):
        """In disentanglement_lib its variance is 0/0, which argmin treats as the minimum: the score falls to chance."""
        for dead in (np.zeros(len(GRID)), np.full(len(GRID), 0.1), 1e-3 * NOISE[:, 0]):
            result = score_of(score, np.column_stack([dead, ONES]))
            assert result.value == 1
            assert result.details["pruned_codes"] == ["c1"]
            assert result.details["codes"] == ["c2", "c3", "c4", "c5"]

    def test_all_codes_dead(self, score):
        result = score_of(score, 1e-3 * NOISE)
        assert result.value is None
        assert "variance of every code" in result.reason
        assert score_of(score, 1e-3 * ONES, min_variance=0.0).value == 1

    def test_codes_that_tie_share_their_vote(self, score):
        codes = np.column_stack([ONES, ONES, ONES[:, :1]])
        result = score_of(score, codes)
        assert result.value == 1
        votes = np.array(result.details["votes"])
        assert votes.sum(axis=0)[0] == pytest.approx(votes[0, 0] * 3)

    def test_the_order_of_codes_does_not_matter(self, score):
        codes = np.column_stack([ONES[:, [0, 0, 1]], NOISE[:, 0]])
        values = [score_of(score, codes[:, order]).value for order in ([0, 1, 2, 3], [3, 1, 0, 2])]
        assert values[0] == pytest.approx(values[1], abs=1e-12)

    def test_agrees_with_a_direct_implementation_of_the_paper(self, score):
        """Trial by trial, on the rows from the index: relative variance, then majority vote."""
        codes = np.column_stack([ONES @ np.array([[1, 0.6], [0.5, 1], [0, 0.4], [0.2, 0]]), NOISE[:, :2]])
        result = score_of(score, codes)
        votes = np.array(result.details["votes"])
        assert votes.sum() == QUICK[score].get("train_votes", 800)
        assert result.details["train_accuracy"] == pytest.approx(votes.max(axis=1).sum() / votes.sum())


@by_variance
def test_small_codes_vote_down_to_the_deviation_of_the_public_program(score):
    """One of variance 0.03 is at least 0.015 nats from a standard normal prior, so it has not collapsed to it."""
    for variance in (0.03, 0.003):
        codes = ONES * [np.sqrt(variance), 1, 1, 1]
        assert score_of(score, codes).value == 1
        assert score_of(score, codes).details["pruned_codes"] == []
    assert score_of(score, ONES * [0.049, 1, 1, 1]).details["pruned_codes"] == ["c1"]


def test_a_linear_classifier_is_lenient_with_sums_of_codes():
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((4, 4)))[0]
    assert score_of(beta_vae_score, ONES @ rotation).value > 0.9


def test_the_review_rescales_to_chance():
    codes = ONES + 2 * NOISE
    beta = score_of(beta_vae_score, codes, batch_size=64)
    scaled = score_of(z_diff, codes, batch_size=64)
    assert scaled.details["accuracy"] == beta.value
    assert scaled.value == pytest.approx((beta.value - 1 / 4) / (3 / 4))
