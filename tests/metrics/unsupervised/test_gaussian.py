"""Gaussian measures of dependence against closed forms and the public reference numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import sqrtm

from disentangle_bench.errors import MetricError, RepresentationError
from disentangle_bench.metrics import gaussian_total_correlation, gaussian_wasserstein_correlation
from disentangle_bench.representation.variables import Variables

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.npz"))


def with_covariance(covariance: object, n: int = 500) -> np.ndarray:
    """Codes whose sample covariance is exactly this."""
    noise = np.random.default_rng(0).standard_normal((n, len(covariance)))
    noise -= noise.mean(axis=0)
    white = noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise.T))).T
    return white @ np.linalg.cholesky(np.asarray(covariance, dtype=float)).T


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_disentanglement_lib(case):
    codes = np.load(GOLDEN / f"{case}.npz")["codes"]
    expected = json.loads((GOLDEN / f"{case}.json").read_text())
    total, distance = gaussian_total_correlation(codes), gaussian_wasserstein_correlation(codes)["distance"]
    assert total.value == pytest.approx(expected["gaussian_total_correlation"], abs=1e-9, rel=1e-9)
    assert distance.value == pytest.approx(expected["gaussian_wasserstein_correlation"], abs=1e-9, rel=1e-9)


@pytest.mark.parametrize("correlation", [0.0, -0.3, 0.9, 0.999])
def test_two_codes(correlation):
    """`-ln(1 - r^2) / 2`, and `4 - 2 (sqrt(1 + r) + sqrt(1 - r))` for unit variances."""
    codes = with_covariance([[1, correlation], [correlation, 1]])
    assert gaussian_total_correlation(codes).value == pytest.approx(-math.log(1 - correlation**2) / 2, abs=1e-9)
    scores = gaussian_wasserstein_correlation(codes)
    expected = 4 - 2 * (math.sqrt(1 + correlation) + math.sqrt(1 - correlation))
    assert scores["distance"].value == pytest.approx(expected, abs=1e-9)
    assert scores["normalized"].value == pytest.approx(expected / 2, abs=1e-9)


def test_any_covariance():
    """Against the determinant, and the general formula for two Gaussians by matrix square roots."""
    factor = np.random.default_rng(1).standard_normal((5, 5))
    covariance = factor @ factor.T + 0.1 * np.eye(5)
    codes = with_covariance(covariance)
    total = (np.log(np.diag(covariance)).sum() - np.log(np.linalg.det(covariance))) / 2
    assert gaussian_total_correlation(codes).value == pytest.approx(total, rel=1e-9)
    root = sqrtm(np.diag(np.diag(covariance)))
    distance = 2 * np.trace(covariance) - 2 * np.trace(sqrtm(root @ covariance @ root)).real
    assert gaussian_wasserstein_correlation(codes)["distance"].value == pytest.approx(distance, rel=1e-9)


def test_a_code_that_is_a_copy():
    code = np.random.default_rng(0).standard_normal(200)
    codes = np.column_stack([code, 2 * code])
    assert gaussian_total_correlation(codes).reason.startswith("a code is a linear function of others")
    assert gaussian_wasserstein_correlation(np.column_stack([code, code]))["normalized"].value == pytest.approx(
        2 - math.sqrt(2)
    )


def test_the_scale_of_codes():
    codes = with_covariance([[1, 0.5], [0.5, 1]])
    stretched = codes * [100, 1e-3] + [5, -2]
    assert gaussian_total_correlation(stretched).value == pytest.approx(gaussian_total_correlation(codes).value)
    assert gaussian_wasserstein_correlation(3 * codes)["normalized"].value == pytest.approx(
        gaussian_wasserstein_correlation(codes)["normalized"].value
    )


def test_codes_without_a_scale_and_constant_ones_are_left_out_and_named():
    numbers = with_covariance([[1, 0.5], [0.5, 1]])
    values = np.column_stack([np.arange(500) % 3, numbers, np.full(500, 0.1), np.arange(500) % 6])
    codes = Variables.wrap(values, kinds=["categorical", "continuous", "ordinal", "continuous", "cyclic"])
    score = gaussian_total_correlation(codes)
    assert score.value == pytest.approx(gaussian_total_correlation(numbers).value)
    assert score.details["codes"] == ["c2", "c3"]
    assert score.details["constant_codes"] == ["c4"]
    assert score.details["categorical_and_cyclic_codes"] == ["c1", "c5"]
    assert gaussian_wasserstein_correlation(codes)["distance"].details == score.details


@pytest.mark.parametrize("codes", [np.arange(9.0), np.zeros((9, 3)), np.arange(18).reshape(9, 2)])
def test_fewer_than_two_codes_that_vary(codes):
    scores = [gaussian_total_correlation(codes), *gaussian_wasserstein_correlation(codes).values()]
    assert [score.value for score in scores] == [None] * 3
    assert all("2 are needed" in score.reason for score in scores)


def test_wrong_input():
    with pytest.raises(MetricError, match="only 1 sample"):
        gaussian_total_correlation(np.ones((1, 2)))
    with pytest.raises(RepresentationError, match="'c1' has 1 of 5"):
        gaussian_wasserstein_correlation(np.where(np.eye(5, 2, -3), np.nan, 1.0))
