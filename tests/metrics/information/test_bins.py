"""Bins against NumPy's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.information.bins import Bins, bins_of
from disentangle_bench.representation.summary import Summary
from disentangle_bench.representation.variables import Variables

floats = st.one_of(
    arrays(np.float64, st.integers(2, 30), elements=st.floats(-1e6, 1e6)),
    arrays(np.float32, st.integers(2, 30), elements=st.floats(-(2.0**20), 2.0**20, width=32)),
)


@given(floats, st.integers(2, 40))
def test_bins_agree_with_numpy(values, num_bins):
    try:
        edges = np.histogram_bin_edges(values, num_bins)
    except ValueError:  # fewer numbers between the ends than bins
        return
    bins = Bins.of("c", Summary.of(values, "continuous"), num_bins)
    assert np.array_equal(bins.marks, edges)
    assert np.array_equal(bins.digitize(values), np.digitize(values, edges[:-1]) - 1)


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1.0, 1e300])
def test_any_scale(scale):
    values = np.linspace(-1, 1, 41) * scale
    bins = Bins.of("c", Summary.of(values, "continuous"), 20)
    assert np.bincount(bins.digitize(values)).tolist() == pytest.approx([2] * 19 + [3], abs=1)


def test_values_closer_than_bins_can_be():
    values = np.array([1.0, np.nextafter(1.0, 2), np.nextafter(np.nextafter(1.0, 2), 2)])
    index = Bins.of("c", Summary.of(values, "continuous"), 20).digitize(values)
    assert index[0] < index[1] < index[2]


def test_a_constant_falls_into_one_bin():
    values = np.full(5, 0.1)
    for reach in (None, 4.0):
        assert len(set(Bins.of("c", Summary.of(values, "continuous"), 20, reach).digitize(values))) == 1


def test_outermost_bins_around_the_mean_take_outliers():
    values = np.append(np.random.default_rng(0).normal(size=10_000), [1e3, -1e3])
    bins = Bins.of("c", Summary.of(values, "continuous"), 100, reach=4.0)
    assert bins.digitize(values[-2:]).tolist() == [99, 0]
    assert bins.marks[[0, -1]] == pytest.approx(values.mean() + np.array([-4, 4]) * values.std())


@pytest.mark.parametrize(
    "values",
    [np.array([3, 9, 3, -2]), np.array([3.0, 9.0, 3.0, -2.0]), np.array([0.5, 7.25, 0.5, -1]),
     np.array(["b", "c", "b", "a"]), np.array([True, True, True, False]), np.array([5, 10**9, 5, 2])],
)  # fmt: skip
def test_categories_are_numbered_in_sorted_order(values):
    bins = bins_of(Variables.wrap(values, kinds=["categorical"]), 20)[0]
    assert bins.digitize(values).tolist() == np.unique(values, return_inverse=True)[1].tolist()
    assert len(bins) == len(np.unique(values))


@pytest.mark.parametrize(
    ("known", "asked"),
    [([1, 2, 3], [1, 4]), ([1, 3], [2, 1]), ([1.0, 2.0], [1.5, 1.0]), ([1, 10**9], [7, 1]), ([1, 2], [-5, 2])],
)
def test_a_value_without_a_bin(known, asked):
    bins = bins_of(Variables.wrap(np.array(known), kinds=["ordinal"], names=["size"]), 20)[0]
    with pytest.raises(MetricError, match="1 values of 'size', such as"):
        bins.digitize(np.array(asked))


def test_too_many_bins():
    with pytest.raises(MetricError, match="num_bins is 99,999,999"):
        bins_of(Variables.wrap(np.arange(3.0)), 99_999_999)


def test_too_few_bins():
    with pytest.raises(MetricError, match="num_bins is 1"):
        bins_of(Variables.wrap(np.arange(3.0)), 1)
