"""Disentanglement and completeness of given importances, in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from disentangle_bench.metrics.predictor.importance import completeness, concentration, disentanglement


def test_one_code_per_factor_scores_1():
    for importances in (np.eye(3), np.eye(3)[[2, 0, 1]] * [0.2, 5, 1]):
        assert disentanglement(importances) == completeness(importances) == 1


def test_even_importances_score_0():
    assert disentanglement(np.ones((4, 3))) == pytest.approx(0, abs=1e-12)
    assert completeness(np.ones((4, 3))) == pytest.approx(0, abs=1e-12)


def test_a_factor_in_two_codes_lowers_completeness_only():
    importances = np.array([[0.5, 0], [0.5, 0], [0, 1]])
    assert disentanglement(importances) == 1
    assert completeness(importances) == pytest.approx(((1 - math.log(2) / math.log(3)) + 1) / 2, abs=1e-12)


def test_two_factors_in_a_code_lower_disentanglement_only():
    importances = np.array([[1, 1, 0], [0, 0, 1]])
    expected = (2 * (1 - math.log(2) / math.log(3)) + 1) / 3
    assert disentanglement(importances) == pytest.approx(expected, abs=1e-12)
    assert completeness(importances) == 1


def test_codes_are_weighted_by_importance():
    importances = np.array([[9.0, 0.0], [0.5, 0.5]])
    assert disentanglement(importances) == pytest.approx(0.9, abs=1e-12)


def test_agrees_with_the_formula_of_disentanglement_lib():
    importances = np.random.default_rng(0).dirichlet(np.ones(5), 4).T
    for matrix, function in ((importances, disentanglement), (importances.T, completeness)):
        rows = 1 - stats.entropy(matrix.T + 1e-11, base=matrix.shape[1])
        expected = (rows * matrix.sum(axis=1) / matrix.sum()).sum()
        assert function(importances) == pytest.approx(expected, abs=1e-9)


def test_a_dead_code_has_no_concentration_and_no_weight():
    """Wherever it stands; completeness changes only through the base of its entropy."""
    alive = np.array([[0.9, 0.2], [0.1, 0.8]])
    for place in range(3):
        importances = np.insert(alive, place, 0, axis=0)
        assert disentanglement(importances) == pytest.approx(disentanglement(alive), abs=1e-12)
        assert 1 - completeness(importances) == pytest.approx((1 - completeness(alive)) * math.log(2) / math.log(3))
        assert np.isnan(concentration(importances)).tolist() == [row == place for row in range(3)]


def test_an_unpredictable_factor_has_no_weight():
    assert completeness(np.array([[1.0, 0, 0], [0, 1, 0]])) == 1


def test_signs_are_ignored():
    importances = np.array([[0.5, -0.3], [-0.1, 0.2]])
    assert disentanglement(importances) == disentanglement(np.abs(importances))


def test_one_factor_or_one_code_is_undefined():
    assert disentanglement(np.ones((3, 1))) is None
    assert completeness(np.ones((1, 3))) is None
    assert disentanglement(np.zeros((3, 2))) is completeness(np.zeros((3, 2))) is None
