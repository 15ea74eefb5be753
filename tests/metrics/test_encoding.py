"""Encoding by kind, sums over the columns of a variable, and standardizing."""

import numpy as np
import pytest

from disentangle_bench.metrics.encoding import columns_of, numeric_columns, standardized
from disentangle_bench.representation.variables import Variables

HOURS = [0, 6, 12, 23]
MIXED = Variables.wrap(
    np.array([[2, 0.5, 0], [0, 1.5, 6], [2, 2.5, 12], [5, 3.5, 23]]),
    names=["digit", "slant", "hour"],
    kinds=["categorical", "continuous", "cyclic"],
)


def test_each_kind_has_its_columns():
    columns = numeric_columns(MIXED)
    assert columns.owner.tolist() == [0, 0, 0, 1, 2, 2]
    assert columns.of(0).tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert columns.of(1).ravel().tolist() == [0.5, 1.5, 2.5, 3.5]


def test_columns_are_counted_without_being_made():
    continuous = Variables.wrap(np.zeros((4, 3)))
    groups = Variables(np.zeros((4, 5)), ("a", "b"), ("continuous", "continuous"), (2, 3))
    for variables in (MIXED, continuous, groups, MIXED.select(["hour"]), Variables.wrap(np.array(["b", "a", "b"]))):
        assert columns_of(variables) == numeric_columns(variables).values.shape[1]


def test_hours_lie_on_a_circle_of_24():
    assert MIXED.periods == (0, 0, 24)
    angles = 2 * np.pi * np.array(HOURS) / 24
    assert numeric_columns(MIXED).of(2) == pytest.approx(np.stack([np.cos(angles), np.sin(angles)], axis=1))


def test_radians_lie_on_a_circle_of_two_pi():
    angles = Variables.wrap(np.array([0.0, 1.5, 2 * np.pi, 3.1]), kinds=["cyclic"])
    columns = numeric_columns(angles).values
    assert columns[0] == pytest.approx(columns[2])


def test_text_is_categorical():
    assert numeric_columns(Variables.wrap(np.array(["b", "a", "b"]))).values.tolist() == [[0, 1], [1, 0], [0, 1]]


def test_importances_of_columns_sum_to_those_of_variables():
    columns = numeric_columns(MIXED)
    assert columns.total(np.array([1.0, 2, 3, 4, 5, 6])).tolist() == [6, 4, 11]
    assert columns.total(np.ones((2, 6))).tolist() == [[3, 1, 2], [3, 1, 2]]


def test_sums_over_many_variables_need_no_matrix_of_all_pairs():
    columns = numeric_columns(Variables.wrap(np.zeros((2, 100_000))))
    assert columns.total(np.arange(100_000)).tolist() == list(range(100_000))
    assert columns.of(99_999).shape == (2, 1)


def test_standardized_columns_have_mean_0_and_variance_1():
    values = np.array([[1.0, 7.0], [3.0, 7.0], [5.0, 7.0]])
    columns = standardized(values)
    assert columns[:, 0].tolist() == pytest.approx([-np.sqrt(1.5), 0, np.sqrt(1.5)])
    assert columns[:, 1].tolist() == [0, 0, 0]


def test_standardized_like_other_rows():
    assert standardized(np.array([[4.0]]), like=np.array([[0.0], [2.0]])).tolist() == [[3.0]]
