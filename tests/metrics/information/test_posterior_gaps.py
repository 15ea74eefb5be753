"""MIG and RMIG of posteriors against closed forms and numerical integration."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.special import logsumexp

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics import (
    mutual_information_gap,
    robust_mutual_information_gap,
    robust_mutual_information_gap_of_posteriors,
    sampled_mutual_information_gap,
)
from disentangle_bench.representation.variables import Variables

BOTH = (sampled_mutual_information_gap, robust_mutual_information_gap_of_posteriors)
KINDS = ("continuous", "continuous")


def gaussian_case(sigma: float, classes: int = 4, rows: int = 400):
    """A factor of equally many classes; c1's posterior is `N(class, sigma)`, c2's is the same for all."""
    factor = np.arange(rows) % classes
    parameters = {
        "c1": np.column_stack([factor, np.full(rows, math.log(sigma))]),
        "c2": np.zeros((rows, 2)),
    }
    codes = Variables.wrap(np.column_stack([factor, np.zeros(rows)]).astype(float), kinds=KINDS)
    return codes, factor, parameters


def mixture_information(sigma: float, classes: int = 4) -> float:
    """`I` of a class and a value of `N(class, sigma)`, by integration: `h(mixture) - h(Gaussian)`."""

    def surprise(x: float) -> float:
        log = logsumexp(stats.norm.logpdf(x, np.arange(classes), sigma)) - math.log(classes)
        return -math.exp(log) * log

    entropy = quad(surprise, -8 * sigma, classes - 1 + 8 * sigma, points=range(classes), limit=500)[0]
    return entropy - float(stats.norm(0, sigma).entropy())


@pytest.mark.parametrize("sigma", [0.05, 0.3, 0.6, 1.5])
def test_mig_of_a_gaussian_channel(sigma):
    codes, factor, parameters = gaussian_case(sigma)
    score = sampled_mutual_information_gap(codes, factor, parameters, samples=4_000, bootstrap=100)
    expected = mixture_information(sigma) / math.log(4)
    assert score.value == pytest.approx(expected, abs=0.03)
    assert score.low <= score.value <= score.high
    assert score.details["best_codes"] == ["c1"]


@pytest.mark.parametrize("sigma", [0.05, 0.3, 0.6, 1.5])
def test_rmig_of_a_gaussian_channel_needs_no_samples(sigma):
    codes, factor, parameters = gaussian_case(sigma)
    score = robust_mutual_information_gap_of_posteriors(codes, factor, parameters, num_bins=1_000)
    assert score.value == pytest.approx(mixture_information(sigma) / math.log(4), abs=1e-3)


def test_the_interval_covers_the_value_of_all_rows():
    codes, factor, parameters = gaussian_case(0.5)
    expected = mixture_information(0.5) / math.log(4)
    scores = [sampled_mutual_information_gap(codes, factor, parameters, samples=300, seed=seed) for seed in range(40)]
    assert sum(score.low <= expected <= score.high for score in scores) >= 34


@pytest.mark.parametrize("function", BOTH)
def test_a_categorical_posterior_in_closed_form(function):
    """`q(c given x)` is 1 - flip for the right one of three classes: a symmetric channel, the same for every row."""
    flip, classes = 0.2, 3
    factor = np.arange(300) % classes
    right = np.full((300, classes), math.log(flip / 2))
    right[np.arange(300), factor] = math.log(1 - flip)
    codes = Variables.wrap(np.column_stack([factor, factor]), kinds=["categorical"] * 2)
    parameters = {"c1": right + 7.0, "c2": np.zeros((300, 2))}  # logits need not be normalized
    known = math.log(3) - stats.bernoulli(flip).entropy() - flip * math.log(2)
    score = function(codes, factor, parameters)
    assert score.value == pytest.approx(known / math.log(3), abs=1e-9)


@pytest.mark.parametrize("function", BOTH)
def test_empty_bins_of_a_factor_are_harmless(function):
    classes = np.arange(300) % 3
    skewed = np.array([0.0, 0.5, 99.0])[classes] + np.linspace(0, 0.1, 300)
    factors = Variables.wrap(np.column_stack([classes, skewed]), kinds=["categorical", "continuous"])
    codes = Variables.wrap(np.column_stack([classes, classes]), kinds=["categorical"] * 2)
    parameters = {"c1": 9.0 * np.eye(3)[classes], "c2": np.zeros((300, 2))}
    assert 0.5 < function(codes, factors, parameters).value <= 1


@pytest.mark.parametrize("function", BOTH)
def test_narrow_posteriors_reach_the_ceiling(function):
    codes, factor, parameters = gaussian_case(0.001)
    assert function(codes, factor, parameters).value == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("function", BOTH)
def test_a_wide_posterior_scores_low_though_its_mean_follows_the_factor(function):
    codes, factor, parameters = gaussian_case(20.0)
    assert mutual_information_gap(codes, factor).value == pytest.approx(1)
    assert function(codes, factor, parameters).value < 0.02


def test_chance_is_that_of_shuffled_factors():
    rng = np.random.default_rng(0)
    factor = np.arange(60) % 3
    parameters = {name: np.column_stack([rng.normal(size=60), np.full(60, -4.0)]) for name in ("c1", "c2")}
    codes = Variables.wrap(rng.normal(size=(60, 2)))
    score = sampled_mutual_information_gap(codes, factor, parameters, samples=500)
    assert score.chance is not None
    assert 0 <= score.chance < 0.5


def test_rmig_of_narrow_posteriors_is_that_of_their_means():
    rng = np.random.default_rng(0)
    factor = rng.integers(0, 5, 3_000)
    codes = Variables.wrap(np.column_stack([factor + rng.normal(size=3_000), rng.normal(size=3_000)]))
    parameters = {
        name: np.column_stack([codes.values[:, place], np.full(3_000, -12.0)]) for place, name in enumerate(codes.names)
    }
    found = robust_mutual_information_gap_of_posteriors(codes, factor, parameters)
    assert found.value == pytest.approx(robust_mutual_information_gap(codes, factor).value, abs=2e-3)


def test_rmig_resists_an_outlier():
    rng = np.random.default_rng(0)
    factor = rng.integers(0, 5, 5_000)
    codes = np.column_stack([factor + 0.2 * rng.normal(size=5_000), rng.normal(size=5_000)])
    outlier = codes.copy()
    outlier[0] = 60
    change = [abs(function(codes, factor).value - function(outlier, factor).value)
              for function in (robust_mutual_information_gap, mutual_information_gap)]  # fmt: skip
    assert change[0] < 0.1
    assert change[1] > 0.3


@pytest.mark.parametrize("function", BOTH)
def test_undefined_scores(function):
    codes, factor, parameters = gaussian_case(0.5)
    assert function(codes, np.zeros(400), parameters).reason == "no factor varies: f1"
    one = Variables.wrap(codes.values[:, :1])
    assert function(one, factor, parameters).reason == "a gap needs two codes; there is one"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"c1": np.zeros((400, 2))}, "no posterior parameters of c2"),
        ({"c1": np.zeros((400, 2)), "c2": np.zeros((400, 1))}, r"continuous code 'c2' have the shape \(400, 1\)"),
        ({"c1": np.zeros((399, 2)), "c2": np.zeros((400, 2))}, r"'c1' have the shape \(399, 2\)"),
        ({"c1": np.full((400, 2), np.nan), "c2": np.zeros((400, 2))}, "800 posterior parameters of 'c1' are NaN"),
    ],
)
@pytest.mark.parametrize("function", BOTH)
def test_parameters_that_do_not_fit(function, wrong, message):
    codes, factor, _ = gaussian_case(0.5)
    with pytest.raises(MetricError, match=message):
        function(codes, factor, wrong)
