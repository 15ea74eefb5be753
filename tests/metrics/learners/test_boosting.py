"""Boosted trees against scikit-learn: the same numbers, whether splits tie or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from disentangle_bench.metrics.learners import boosting
from disentangle_bench.metrics.learners.boosting import boost_classes, boost_values
from disentangle_bench.metrics.learners.sorted_columns import Sorted

GOLDEN = Path(__file__).parents[1] / "golden"
N, STAGES = 1000, 10


def draw(k, seed=0, n=N):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, k, n)
    return rng.standard_normal((n, 4)) + np.outer(labels, [1, 0.5, 0, 0.2]), labels


def assert_same(ours, theirs, samples):
    """Importances up to rounding, and predictions to the last bit, so that the trees are the same."""
    assert ours.importances == pytest.approx(theirs.feature_importances_, abs=1e-12)
    predict = getattr(theirs, "decision_function", theirs.predict)
    for values in (samples, samples + 0.1):
        assert ours.raw(values).tolist() == predict(values).reshape(len(values), -1).tolist()


def assert_same_classes(codes, labels, *, stages=STAGES, seed=0):
    ours = boost_classes(Sorted.of(codes), labels, stages=stages, seed=seed)
    theirs = GradientBoostingClassifier(n_estimators=stages, random_state=seed).fit(codes, labels)
    assert_same(ours, theirs, codes)
    assert ours.classify(codes).tolist() == theirs.predict(codes).tolist()


@pytest.fixture
def ours_alone(monkeypatch):
    """Let scikit-learn grow no tree."""
    monkeypatch.delattr(boosting, "_scikit_learn_tree")


@pytest.mark.usefixtures("ours_alone")
@pytest.mark.parametrize("k", [2, 3, 7])
@pytest.mark.parametrize("copies", [[0, 1, 2, 3], [0, 0, 1, 2, 3, 3, 3]], ids=["each once", "copies"])
def test_classes(k, copies):
    codes, labels = draw(k)
    assert_same_classes(codes[:, copies], labels)


@pytest.mark.usefixtures("ours_alone")
def test_all_stages_on_few_samples():
    codes, labels = draw(4, n=150)
    assert_same_classes(codes[:, [0, 1, 1, 2, 3]], labels, stages=100, seed=5)


@pytest.mark.usefixtures("ours_alone")
@pytest.mark.parametrize("copies", [[0, 1, 2, 3], [0, 0, 1, 2, 3]], ids=["each once", "copies"])
def test_numbers(copies):
    codes = draw(3)[0][:, copies]
    target = np.sin(codes[:, 0]) + codes[:, 1] * codes[:, 2]
    ours = boost_values(Sorted.of(codes), target, stages=STAGES, seed=3)
    assert_same(ours, GradientBoostingRegressor(n_estimators=STAGES, random_state=3).fit(codes, target), codes)


@pytest.mark.parametrize("digits", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("copies", [[0, 1, 2, 3], [0, 0, 1, 2, 3, 3, 3]], ids=["each once", "copies"])
def test_equal_and_nearly_equal_values(digits, copies):
    codes, labels = draw(3)
    assert_same_classes(np.round(codes, digits)[:, copies], labels)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.npz")), ids=lambda path: path.stem)
def test_codes_of_the_references(path):
    with np.load(path) as arrays:
        codes, factors = arrays["codes"][arrays["train"]], arrays["factors"][arrays["train"]]
    for factor in factors.T:
        assert_same_classes(codes, factor, stages=5, seed=1)


@settings(max_examples=40, deadline=None)
@given(
    digits=st.lists(st.integers(0, 6), min_size=1, max_size=6),
    k=st.integers(2, 5),
    n=st.integers(20, 200),
    seed=st.integers(0, 2**32 - 1),
)
def test_codes_of_any_coarseness(digits, k, n, seed):
    """Some columns are rounded, some are not, and each occurs twice."""
    rng = np.random.default_rng(seed)
    labels = np.append(np.arange(k), rng.integers(0, k, n - k))
    codes = np.column_stack([np.round(rng.standard_normal(n) + labels, number) for number in digits * 2])
    assert_same_classes(codes, labels, stages=5, seed=seed)


def test_importances_are_0_without_splits():
    ours = boost_classes(Sorted.of(np.ones((20, 2))), np.arange(20) % 2, stages=2)
    assert ours.importances.tolist() == [0, 0]
    assert ours.classify(np.zeros((3, 2))).shape == (3,)


def test_a_seed_breaks_ties():
    codes, labels = draw(3)
    copies = Sorted.of(codes[:, [0, 0]])
    first, second, other = (
        boost_classes(copies, labels, stages=3, seed=seed).importances for seed in (0, 0, 2**63 + 1)
    )
    assert first.tolist() == second.tolist() != other.tolist()
