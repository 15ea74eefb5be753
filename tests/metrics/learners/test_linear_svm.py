"""Support vector machines of one column against scikit-learn, up to rounding."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from disentangle_bench.metrics.learners.linear_svm import OneVsRest

SHAPES = {
    "normal": lambda rng, n: rng.standard_normal(n),
    "far from zero": lambda rng, n: 1e4 + rng.standard_normal(n),
    "wide": lambda rng, n: 1e4 * rng.standard_normal(n),
    "narrow": lambda rng, n: 1e-2 * rng.standard_normal(n),
    "heavy tails": lambda rng, n: rng.standard_cauchy(n),
    "few values": lambda rng, n: np.round(2 * rng.standard_normal(n)),
    "constant": lambda rng, n: np.full(n, 0.5),
    "zero": lambda rng, n: np.zeros(n),
}


def both(column, labels, **settings):
    theirs = LinearSVC(C=0.01, class_weight="balanced", dual=False, **settings).fit(column[:, None], labels)
    return OneVsRest.fit(column, labels, tolerance=settings.get("tol", 1e-4)), theirs


def assert_same(ours, theirs, rounding=1e-9):
    lines = np.column_stack([theirs.coef_, theirs.intercept_])
    assert ours.lines.shape == lines.shape
    assert np.abs(ours.lines - lines).max() <= rounding * max(1, np.abs(lines).max())


@pytest.mark.parametrize("classes", [2, 3, 12])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("told", [0.0, 0.5, 3.0])
def test_agrees_with_scikit_learn(shape, classes, told):
    rng = np.random.default_rng(classes)
    labels = rng.integers(0, classes, 900)
    column = SHAPES[shape](rng, 900) * (1 + told * labels)
    ours, theirs = both(column, labels)
    assert_same(ours, theirs)
    fresh = SHAPES[shape](rng, 500) * 2
    assert np.array_equal(ours.predict(fresh), theirs.predict(fresh[:, None]))


@pytest.mark.parametrize("classes", [2, 5])
def test_stops_where_scikit_learn_stops(classes):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, 900)
    column = labels + 0.3 * rng.standard_normal(900)
    early, late = (both(column, labels, tol=tolerance) for tolerance in (1e-1, 1e-8))
    assert_same(*early)
    assert_same(*late, rounding=1e-6)  # near the minimum the last step depends on rounding
    assert np.abs(early[0].lines - late[0].lines).max() > 1e-6


@pytest.mark.parametrize("sizes", [(1, 1), (1, 50), (1, 1, 1), (40, 1, 2)])
def test_rare_classes(sizes):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    assert_same(*both(np.sin(np.arange(float(len(labels)))), labels))


def test_the_order_of_samples_does_not_matter():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, 300)
    column, order = labels + rng.standard_normal(300), rng.permutation(300)
    first, second = OneVsRest.fit(column, labels), OneVsRest.fit(column[order], labels[order])
    np.testing.assert_allclose(first.lines, second.lines, rtol=0, atol=1e-12)


def test_two_separate_classes_have_one_line():
    machine = OneVsRest.fit(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([0, 0, 1, 1]))
    [[slope, offset]] = machine.lines
    assert slope > 0
    assert offset == pytest.approx(0, abs=1e-12)
    assert machine.predict(np.array([-5.0, 5.0])).tolist() == [0, 1]
