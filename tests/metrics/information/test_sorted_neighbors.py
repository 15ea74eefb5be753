"""Neighbors in a sorted column are those of a k-d tree, to the last bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from disentangle_bench.metrics.information.sorted_neighbors import count_within, neighbor_distances

NUMBERS = st.one_of(st.floats(-3, 3), st.sampled_from([0.0, 0.1, 0.2, 0.3, 1.0]))


@given(st.lists(st.tuples(NUMBERS, st.integers(0, 2)), min_size=1, max_size=40), st.integers(1, 5))
def test_distances_and_counts_are_those_of_a_tree(pairs: list[tuple[float, int]], neighbors: int) -> None:
    values = np.array([value for value, _ in pairs])
    classes = np.unique([label for _, label in pairs], return_inverse=True)[1]
    sizes = np.bincount(classes)
    taken = np.minimum(neighbors, sizes - 1)[classes]
    found = neighbor_distances(values, classes, taken)
    for label, size in enumerate(sizes):
        own = values[classes == label][:, None]
        expected = cKDTree(own).query(own, k=[min(neighbors, size - 1) + 1], p=np.inf)[0][:, 0]
        assert np.array_equal(found[classes == label], expected)
    for radius in (found, np.nextafter(found, 0)):
        inside = cKDTree(values[:, None]).query_ball_point(values[:, None], radius, p=np.inf, return_length=True)
        assert np.array_equal(count_within(values, radius), inside)
