"""Tie breaking against scikit-learn's algorithms, written out as loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeRegressor

from disentangle_bench.metrics.learners.scikit_learn_ties import (
    CRITERION,
    WORDS,
    ColumnDraws,
    Sums,
    divide,
    first_best,
)


def swapped(samples, left):
    """`divide` as a loop."""
    samples, left = list(samples), list(left)
    start, end = 0, len(samples)
    while start < end:
        if left[start]:
            start += 1
            continue
        end -= 1
        for row in (samples, left):
            row[start], row[end] = row[end], row[start]
    return samples[:end], samples[end:]


@given(left=st.lists(st.booleans(), min_size=2, max_size=40).filter(lambda left: 0 < sum(left) < len(left)))
def test_samples_are_divided_as_by_swapping(left):
    samples = np.random.default_rng(len(left)).permutation(len(left))
    first, second = divide(samples, np.array(left))
    assert (first.tolist(), second.tolist()) == swapped(samples, left)


@pytest.mark.parametrize("seed", range(20))
def test_the_column_drawn_first_is_taken(seed):
    target = np.array([0.0, 1.0])
    random = np.random.RandomState(seed)
    tree = DecisionTreeRegressor(criterion=CRITERION, random_state=random).fit(np.tile(target[:, None], 9), target)
    word = int(np.random.RandomState(seed).randint(WORDS))
    tried, constants = ColumnDraws(9, word).draw([False] * 9, 0)
    assert tried[0] == tree.tree_.feature[0]
    assert (sorted(tried), constants) == (list(range(9)), 0)


@pytest.mark.parametrize("seed", range(20))
def test_draws_continue_below_without_constant_columns(seed):
    """Two splits, one below the other: eight copies allow both, four are constant in one of the nodes."""
    upper, lower = [0, 0, 0, 1], [0, 0, 1, 1]
    columns = np.array([upper, lower, lower, [7] * 4, lower, upper, [7] * 4, lower]).T
    target = np.array([0.0, 0.0, 1.0, 9.0])
    tree = DecisionTreeRegressor(criterion=CRITERION, random_state=np.random.RandomState(seed)).fit(columns, target)
    draws = ColumnDraws(8, int(np.random.RandomState(seed).randint(WORDS)))
    tried, constants = draws.draw([column in (3, 6) for column in range(8)], 0)
    assert constants == 2
    assert next(column for column in tried if column in (0, 5)) == tree.tree_.feature[0]
    tried, constants = draws.draw([column in (0, 3, 5, 6) for column in range(8)], constants)
    assert constants == 4
    assert not {3, 6} & set(tried)
    assert next(column for column in tried if column in (1, 2, 4, 7)) == tree.tree_.feature[1]


def test_a_word_of_zero_is_one():
    assert ColumnDraws(5, 0).draw([False] * 5, 0) == ColumnDraws(5, 1).draw([False] * 5, 0)


def test_the_first_of_the_best_is_taken():
    assert first_best(np.array([0.0, 1.0, -1.0, 1.0]), 0.0, np.array([1, 2, 2, 2]), 4) == 1


@pytest.mark.parametrize("left", [1, 5, 9])
def test_the_sums_of_children_are_those_of_their_targets(left):
    target = np.random.default_rng(0).standard_normal(10)
    first, second = Sums.of(target).split(target[:left], target[left:])
    assert first.variance(left) == pytest.approx(target[:left].var(), abs=1e-12)
    assert second.variance(10 - left) == pytest.approx(target[left:].var(), abs=1e-12)
