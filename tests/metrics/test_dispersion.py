"""Distances and variances of each kind of variable against closed forms."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from disentangle_bench.metrics.dispersion import Column, spreads
from disentangle_bench.representation.variables import Variables

ROWS = np.random.default_rng(0).integers(0, 200, size=(7, 15))


def column(values: np.ndarray, kind: str) -> Column:
    return Column.all_of(Variables.wrap(values, kinds=[kind]))[0]


@pytest.mark.parametrize("kind", ["continuous", "ordinal"])
def test_numbers_have_the_usual_variance(kind):
    values = np.random.default_rng(1).normal(3, 2, 200).round(1)
    assert column(values, kind).spread(ROWS) == pytest.approx(values[ROWS].var(axis=1, ddof=1))
    assert float(column(values, kind).spread()) == pytest.approx(values.var(ddof=1))


@pytest.mark.parametrize("categories", [3, 40], ids=["few", "more than values in a line"])
def test_categories_have_gini_variance(categories):
    """Half the share of pairs that differ: Gini's definition, with distances of 0 and 1."""
    values = np.random.default_rng(1).choice([f"name {number}" for number in range(categories)], 200)
    by_hand = [np.mean([first != second for first, second in combinations(values[line], 2)]) / 2 for line in ROWS]
    assert column(values, "categorical").spread(ROWS) == pytest.approx(by_hand)


def test_half_the_mean_squared_difference_is_the_variance_of_numbers_too():
    values = np.array([0, 1, 1, 0, 1, 0, 0])
    assert float(column(values, "categorical").spread()) == pytest.approx(values.var(ddof=1))


def test_angles_spread_alike_wherever_zero_is():
    angles = np.random.default_rng(1).normal(0, 0.01, 500)
    small = float(column(angles, "cyclic").spread())
    assert small == pytest.approx(angles.var(), rel=1e-2)
    assert float(column((angles + np.pi) % (2 * np.pi), "cyclic").spread()) == pytest.approx(small)
    opposite = np.arange(400) * 2 * np.pi / 400
    assert float(column(opposite, "cyclic").spread()) == pytest.approx(2)


@pytest.mark.parametrize("kind", ["continuous", "cyclic", "categorical"])
def test_equal_values_have_no_spread_at_all(kind):
    """Not even one of rounding: which code of several that stand still has less would be a matter of luck."""
    assert (column(np.full(200, 0.1), kind).spread(ROWS) == 0).all()


def test_distances():
    first, second = np.array([0, 1]), np.array([2, 2])
    assert column(np.array([0.5, 3.0, 2.0]), "continuous").distances(first, second).tolist() == [1.5, 1.0]
    assert column(np.array(["a", "b", "b"]), "categorical").distances(first, second).tolist() == [1.0, 0.0]
    assert column(np.array([0, 3, 1, 9]), "cyclic").distances(np.array([0, 1]), np.array([3, 3])).tolist() == [1.0, 4.0]


def test_each_variable_by_its_kind():
    values = np.random.default_rng(2).integers(0, 4, (200, 3))
    variables = Variables.wrap(values, kinds=["categorical", "ordinal", "cyclic"])
    expected = [float(column(values[:, place], kind).spread()) for place, kind in enumerate(variables.kinds)]
    assert spreads(variables).tolist() == expected
