"""Ordinary columns stay as they are; unusual ones keep their order and their distances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disentangle_bench.metrics.conditioning import MOST, Conditioning, common_exponent, within_reach


def column(seed: int = 0, n: int = 200) -> np.ndarray:
    """Normal numbers of which a shift by 1.7e9 loses nothing."""
    return np.round(np.random.default_rng(seed).normal(size=(n, 1)) * 2**12) / 2**12


@given(scale=st.floats(2e-3, 2e5), shift=st.floats(-50, 50))
def test_an_ordinary_column_stays_as_it_is_to_the_last_bit(scale: float, shift: float) -> None:
    values = (column() + shift) * scale
    assert Conditioning.of(values)(values) is values


@pytest.mark.parametrize("exponent", [-1060, -500, -30, 30, 259, 498])
def test_another_scale_is_undone_by_a_power_of_two(exponent: int) -> None:
    values = np.ldexp(np.round(column() * 8), exponent)
    conditioned = Conditioning.of(values)(values)
    there = values != 0
    (before, lower), (after, upper) = np.frexp(values[there]), np.frexp(conditioned[there])
    assert np.array_equal(before, after)
    assert len(np.unique(upper - lower)) == 1
    assert 0.1 < conditioned.std() < 10


def test_a_shift_is_undone_exactly() -> None:
    values = column()
    conditioned = Conditioning.of(values + 1.7e9)(values + 1.7e9)
    apart = (conditioned - conditioned[0]) / (values - values[0] + (values == values[0]))
    assert np.unique(apart[values != values[0]]).size == 1
    assert np.abs(conditioned).max() < 10


def test_an_outlier_hides_nothing_and_fits_into_single_precision() -> None:
    values = column()
    values[3] = 1e100
    conditioned = Conditioning.of(values)(values)
    assert conditioned[3] == MOST
    others = np.arange(200) != 3
    assert len(np.unique(conditioned[others].astype(np.float32))) == len(np.unique(values[others]))


def test_other_rows_are_moved_likewise_and_constant_columns_not_at_all() -> None:
    values = np.hstack([column() + 1e9, np.full((200, 1), 1e9), column(1)])
    condition = Conditioning.of(values)
    assert np.array_equal(condition(values)[5:9], condition(values[5:9]))
    assert np.array_equal(condition(values)[:, 1:], values[:, 1:])


def test_a_column_of_few_values_has_a_reach_where_its_middle_half_is_one_value() -> None:
    values = np.where(np.arange(100) % 10 == 0, 1e-9, 0.0)[:, None]
    assert 1 < np.ptp(Conditioning.of(values)(values)) < 10


def test_columns_far_out_come_within_reach() -> None:
    values = np.array([[1.0, 2.0**45, 2.0**300], [0.5, 1.0, -(2.0**301)]])
    assert within_reach(values).tolist() == [1, 2.0**-5, 2.0**-261]
    assert common_exponent(values) == -302
    assert common_exponent(values[:, :2]) == 0
    assert common_exponent(np.zeros((3, 1))) == 0
