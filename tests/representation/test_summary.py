"""Extents: of batches together they are those of the whole."""

from __future__ import annotations

import numpy as np
import pytest

from disentangle_bench.representation.summary import Summary, close_together
from disentangle_bench.representation.variables import Variables


def variables():
    rng = np.random.default_rng(0)
    columns = [rng.normal(5, 2, 300), rng.integers(-3, 9, 300), rng.integers(0, 7, 300), rng.uniform(0, 6, 300)]
    kinds = ["continuous", "ordinal", "cyclic", "cyclic"]
    return Variables.wrap(np.column_stack(columns), kinds=kinds)


def test_batches_add_up():
    data = variables()
    whole = data.summaries
    for column, summary in enumerate(whole):
        values = data.values[:, column]
        kind = data.kinds[column]
        parts = Summary.of(values[:7], kind) + Summary.of(values[7:250], kind) + Summary.of(values[250:], kind)
        for found in (summary, parts):
            assert (found.samples, found.low, found.high) == (300, values.min(), values.max())
            assert found.mean == pytest.approx(values.mean(), abs=1e-12)
            assert found.deviation == pytest.approx(values.std(), abs=1e-12)
        assert (summary.values is None) == (parts.values is None)
        if summary.values is not None:
            assert np.array_equal(summary.values, np.unique(values))
            assert np.array_equal(parts.values, summary.values)


def test_only_what_is_counted_value_by_value_keeps_its_values():
    assert [summary.values is None for summary in variables().summaries] == [True, False, False, True]


def test_one_batch_of_angles_makes_all_angles():
    whole, angles = np.arange(5.0), np.array([0.5, 1.5])
    assert (Summary.of(whole, "cyclic") + Summary.of(angles, "cyclic")).values is None


def test_texts_have_values_and_no_ends():
    summary = Summary.of(np.array(["b", "a"]), "categorical") + Summary.of(np.array(["c", "a"]), "categorical")
    assert summary.values is not None
    assert summary.values.tolist() == ["a", "b", "c"]
    assert summary.low is None


@pytest.mark.parametrize(
    ("numbers", "close"),
    [([0, 5], True), ([-100, 100], True), ([0, 1e6], False), ([0.5, 1], False), ([1e300, 1e300], False)],
)
def test_whole_numbers_close_together(numbers, close):
    assert close_together(np.array(numbers)) == close


def test_small_integers_do_not_overflow():
    column = np.array([-128, 127, 0], dtype=np.int8)
    summary = Summary.of(column, "categorical")
    assert summary.values is not None
    assert summary.values.tolist() == [-128, 0, 127]
