"""The components of traversal consistency on readings made by hand and by chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist, squareform

from disentangle_bench.metrics.generator.traversal_components import (
    CATEGORICAL,
    CONTINUOUS,
    isolations,
    order_along,
    smoothness,
)
from disentangle_bench.metrics.generator.traversals import Paths, Traversal

N, S = 6, 5
ONCE = np.ones((1, N), dtype=np.int64)
finite = st.floats(-1e3, 1e3, width=32)


def swept(*readings: np.ndarray, images: np.ndarray | None = None, categorical: bool = False) -> Traversal:
    shown = readings[0] if images is None else images
    distances = np.array([squareform(pdist(path)) for path in shown])
    values = np.arange(S) if categorical else np.linspace(-1, 1, S)
    classes = (shown[:, :, 0] > 0).astype(np.int64)
    return Traversal(0, "c1", categorical, "", values.astype(float), Paths(readings, distances, classes))


@settings(deadline=None)
@given(arrays(np.float64, (N, S, 1), elements=finite), arrays(np.float64, (N, S, 2), elements=finite))
def test_every_component_is_within_its_bounds_or_undefined(first, second):
    for parts, categorical in ((CATEGORICAL, True), (CONTINUOUS, False)):
        sweep = swept(first, second, categorical=categorical)
        for name, part in parts.items():
            (figure,) = part(sweep, ONCE)
            assert np.isnan(figure) or -1e-9 <= figure <= 1 + 1e-9, name


@pytest.mark.parametrize("kept", [0.2, 1.0, 5.0])
def test_isolation_is_the_intraclass_correlation_of_an_analysis_of_variance(kept):
    rng = np.random.default_rng(0)
    other = kept * rng.normal(size=(N, 1, 1)) + rng.normal(size=(N, S, 1))
    between = S * other.mean(axis=1).var(ddof=1)
    within = np.square(other - other.mean(axis=1, keepdims=True)).sum() / (N * (S - 1))
    expected = max((between - within) / (between + (S - 1) * within), 0)
    assert isolations(swept(np.zeros((N, S, 1)), other), ONCE)[1] == pytest.approx(expected)


def test_isolation_does_not_depend_on_the_scale_of_a_posterior():
    rng = np.random.default_rng(1)
    first, other = rng.normal(size=(N, S, 1)), rng.normal(size=(N, 1, 3)) + 0.3 * rng.normal(size=(N, S, 3))
    small, large = (isolations(swept(first, scale * other), ONCE)[1] for scale in (0.01, 100))
    assert small == pytest.approx(large)
    assert 0.5 < small < 1


def test_resamples_weight_paths_by_their_counts():
    rng = np.random.default_rng(2)
    first, other = rng.normal(size=(N, S, 1)), rng.normal(size=(N, S, 2))
    counts = np.array([2, 0, 1, 3, 0, 0])
    again = np.repeat(np.arange(N), counts)
    counted, repeated = swept(first, other), swept(first[again], other[again])
    for name in ("fidelity", "monotonicity", "direction", "smoothness", "content"):
        part = CONTINUOUS[name]
        assert part(counted, counts[None]) == pytest.approx(part(repeated, ONCE)), name
    assert isolations(counted, counts[None])[1] == pytest.approx(isolations(repeated, ONCE)[1])


def test_a_mean_that_moves_only_by_rounding_has_no_order():
    reading = 0.5 + 1e-7 * np.arange(S)[None, :, None] * np.ones((N, 1, 1))
    assert np.array_equal(order_along(swept(reading)), np.zeros(N))


def test_paths_without_motion_do_not_count_for_smoothness():
    even = np.linspace(0, 1, S)[None, :, None] * np.ones((N, 1, 1))
    some = even.copy()
    some[3:] = 0.2
    assert smoothness(swept(even, images=some), ONCE) == pytest.approx(1)
    assert np.isnan(smoothness(swept(even, images=np.zeros((N, S, 1))), ONCE)).all()


def test_shuffled_paths_keep_the_same_images():
    rng = np.random.default_rng(3)
    reading = rng.normal(size=(N, S, 1))
    paths = swept(reading).paths
    shuffled = paths.shuffled(rng)
    assert not np.array_equal(shuffled.readings[0], reading)
    assert np.array_equal(np.sort(shuffled.readings[0], axis=1), np.sort(reading, axis=1))
    expected = np.array([squareform(pdist(path)) for path in shuffled.readings[0]])
    assert shuffled.distances == pytest.approx(expected)
    assert np.array_equal(shuffled.classes, shuffled.readings[0][:, :, 0] > 0)
