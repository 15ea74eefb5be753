"""Boosted trees against scikit-learn's, tree by tree where no splits tie, in sum where columns are copies."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from disentangle_bench.metrics.observational.boosting import Sorted, boost_classes, boost_values

N, STAGES = 3000, 10


def draw(k, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, k, N)
    return rng.standard_normal((N, 4)) + np.outer(labels, [1, 0.5, 0, 0.2]), labels


def assert_same_trees(ours, theirs):
    """Every split and every leaf, of data in which no two splits are equally good."""
    assert ours.importances == pytest.approx(theirs.feature_importances_, abs=1e-9)
    for stage, expected in zip(ours.trees, theirs.estimators_, strict=True):
        for tree, model in zip(stage, (fitted.tree_ for fitted in expected), strict=True):
            split = model.children_left >= 0
            children = np.stack([model.children_left, model.children_right], axis=1)
            assert (tree.column >= 0).tolist() == split.tolist()
            assert tree.column[split].tolist() == model.feature[split].tolist()
            assert tree.children[split].tolist() == children[split].tolist()
            assert tree.threshold[split].tolist() == model.threshold[split].tolist()
            assert tree.value[~split] == pytest.approx(model.value[~split, 0, 0], abs=1e-9)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_trees_of_classes_are_scikit_learn_s(k):
    codes, labels = draw(k)
    ours = boost_classes(Sorted.of(codes), labels, stages=STAGES)
    theirs = GradientBoostingClassifier(n_estimators=STAGES, random_state=0).fit(codes, labels)
    assert_same_trees(ours, theirs)
    unseen = draw(k, seed=1)[0]
    expected = theirs.decision_function(unseen).reshape(N, -1)
    assert ours.raw(unseen) == pytest.approx(expected, abs=1e-9)
    assert ours.classes(unseen).tolist() == theirs.predict(unseen).tolist()


def test_trees_of_numbers_are_scikit_learn_s():
    codes, _ = draw(3)
    target = np.sin(codes[:, 0]) + codes[:, 1] * codes[:, 2]
    ours = boost_values(Sorted.of(codes), target, stages=STAGES)
    theirs = GradientBoostingRegressor(n_estimators=STAGES, random_state=0).fit(codes, target)
    assert_same_trees(ours, theirs)
    unseen = draw(3, seed=1)[0]
    assert ours.raw(unseen)[:, 0] == pytest.approx(theirs.predict(unseen), abs=1e-9)


@pytest.mark.parametrize("digits", [0, 1, 7])
def test_values_that_are_equal_or_nearly_so_are_not_split(digits):
    codes, labels = draw(3)
    codes = np.round(codes, digits)
    ours = boost_classes(Sorted.of(codes), labels, stages=3)
    theirs = GradientBoostingClassifier(n_estimators=3, random_state=0).fit(codes, labels)
    assert_same_trees(ours, theirs)


def test_copies_share_what_scikit_learn_gives_them_in_all():
    codes, labels = draw(3)
    copies = codes[:, [0, 0, 1, 2, 3]]
    ours = boost_classes(Sorted.of(copies), labels, stages=STAGES).importances
    theirs = GradientBoostingClassifier(n_estimators=STAGES, random_state=0).fit(copies, labels).feature_importances_
    assert ours[:2].sum() == pytest.approx(theirs[:2].sum(), abs=1e-6)
    assert ours[2:] == pytest.approx(theirs[2:], abs=1e-6)
    assert min(ours[:2]) > 0.1 * sum(ours[:2])


def test_without_splits_there_is_no_importance():
    ours = boost_classes(Sorted.of(np.ones((20, 2))), np.arange(20) % 2, stages=2)
    assert ours.importances.tolist() == [0, 0]
    assert ours.classes(np.zeros((3, 2))).shape == (3,)


def test_a_seed_settles_ties():
    codes, labels = draw(3)
    copies = Sorted.of(codes[:, [0, 0]])
    first, second, other = (boost_classes(copies, labels, stages=3, seed=seed).importances for seed in (0, 0, 1))
    assert first.tolist() == second.tolist() != other.tolist()
