"""Holm's correction by hand, by its properties, and against the level that it promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from disentangle_bench.evaluation.seeds import holm


def test_by_hand():
    # ordered: 0.005 x 4, 0.01 x 3, 0.03 x 2, 0.04 x 1 raised to the one before
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1, 1]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=12), st.randoms())
def test_lies_between_raw_and_bonferroni_and_keeps_the_order(p_values, random):
    corrected = holm(p_values)
    for p, q in zip(p_values, corrected, strict=True):
        assert p <= q <= min(1, p * len(p_values) * (1 + 1e-12))
    ranked = [q for _, q in sorted(zip(p_values, corrected, strict=True))]
    assert ranked == sorted(ranked)
    order = list(range(len(p_values)))
    random.shuffle(order)
    assert holm([p_values[place] for place in order]) == [corrected[place] for place in order]


def test_one_false_finding_in_twenty_tables_at_most():
    rng = np.random.default_rng(8)
    first, second = rng.normal(size=(2, 1000, 12, 30))
    second += rng.normal(size=(1000, 1, 30))  # what all rows share makes them depend on each other
    tables = [min(holm(p_values)) < 0.05 for p_values in stats.ttest_rel(first, second, axis=2).pvalue]
    assert np.mean(tables) < 0.07
