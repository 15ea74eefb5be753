"""Matchings by brute force, agreement measures against scikit-learn."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import (
    adjusted_rand_score,
    completeness_score,
    homogeneity_score,
    normalized_mutual_info_score,
    v_measure_score,
)

from disentangle_bench.metrics.predictor.agreement import (
    UNMATCHED,
    adjusted_rand_index,
    completeness,
    homogeneity,
    many_to_one,
    matched_share,
    normalized_mutual_information,
    one_to_one,
)

tables = arrays(np.int64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.integers(0, 9)).filter(
    lambda table: table.sum() > 0
)


def best_by_brute_force(table: np.ndarray) -> int:
    """The largest number of samples that any one-to-one matching gets right."""
    wide = table if table.shape[0] <= table.shape[1] else table.T
    rows = np.arange(len(wide))
    return max(int(wide[rows, list(columns)].sum()) for columns in permutations(range(wide.shape[1]), len(wide)))


def labels_of(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.indices(table.shape)
    counts = table.ravel()
    return np.repeat(rows.ravel(), counts), np.repeat(columns.ravel(), counts)


class TestMatchings:
    @given(tables)
    def test_no_one_to_one_matching_is_better(self, table):
        assert matched_share(table, one_to_one(table)) == pytest.approx(best_by_brute_force(table) / table.sum())

    @given(tables)
    def test_one_to_one_uses_no_class_twice_and_only_supported_pairs(self, table):
        matching = one_to_one(table)
        rows = np.flatnonzero(matching != UNMATCHED)
        assert len(set(matching[rows])) == len(rows)
        assert (table[rows, matching[rows]] > 0).all()

    @given(tables)
    def test_many_to_one_is_the_most_frequent_class_of_each_row(self, table):
        assert matched_share(table, many_to_one(table)) == pytest.approx(table.max(axis=1).sum() / table.sum())
        assert matched_share(table, many_to_one(table)) >= matched_share(table, one_to_one(table))

    @given(tables, st.integers(0, 5), st.integers(0, 5))
    def test_empty_rows_and_columns_change_nothing(self, table, row, column):
        row, column = min(row, len(table)), min(column, table.shape[1])
        wider = np.insert(np.insert(table, row, 0, axis=0), column, 0, axis=1)
        before, after = one_to_one(table), one_to_one(wider)
        assert after[row] == UNMATCHED
        kept = np.delete(after, row)
        assert np.array_equal(np.where(kept > column, kept - 1, kept), before)

    def test_a_category_without_samples_has_no_class(self):
        table = [[3, 0], [0, 0]]
        assert one_to_one(table).tolist() == [0, UNMATCHED]
        assert many_to_one(table).tolist() == [0, UNMATCHED]

    def test_a_pair_without_samples_is_not_a_match(self):
        assert one_to_one([[5, 0], [2, 0]]).tolist() == [0, UNMATCHED]

    def test_shares_of_many_tables(self):
        several = np.random.default_rng(0).integers(1, 9, (6, 3, 4))
        matching = np.array([2, UNMATCHED, 0])
        expected = [(table[0, 2] + table[2, 0]) / table.sum() for table in several]
        assert matched_share(several, matching).tolist() == pytest.approx(expected)


class TestAgainstScikitLearn:
    @given(tables)
    def test_normalized_mutual_information(self, table):
        expected = normalized_mutual_info_score(*labels_of(table))
        assert normalized_mutual_information(table) == pytest.approx(expected, abs=1e-9)

    @given(tables)
    def test_homogeneity_and_completeness(self, table):
        categories, classes = labels_of(table)
        assert homogeneity(table) == pytest.approx(homogeneity_score(classes, categories), abs=1e-9)
        assert completeness(table) == pytest.approx(completeness_score(classes, categories), abs=1e-9)
        assert homogeneity(table.T) == pytest.approx(completeness(table), abs=1e-12)

    @given(tables)
    def test_their_harmonic_mean_is_the_normalized_information(self, table):
        categories, classes = labels_of(table)
        assert normalized_mutual_information(table) == pytest.approx(v_measure_score(classes, categories), abs=1e-9)

    def test_halves_of_a_class_are_pure_but_not_complete(self):
        table = [[5, 0], [5, 0], [0, 10]]
        assert homogeneity(table) == 1
        assert completeness(table) == pytest.approx(np.log(2) / (1.5 * np.log(2)))

    @given(tables)
    def test_adjusted_rand_index(self, table):
        assert adjusted_rand_index(table) == pytest.approx(adjusted_rand_score(*labels_of(table)), abs=1e-12)

    def test_many_tables_at_once(self):
        several = np.random.default_rng(0).integers(0, 9, (5, 3, 4))
        for measure in (normalized_mutual_information, homogeneity, completeness, adjusted_rand_index):
            assert measure(several).tolist() == pytest.approx([float(measure(table)) for table in several])

    def test_large_counts_do_not_overflow(self):
        table = np.diag([40_000, 30_000]) + 10_000
        expected = adjusted_rand_score(*labels_of(table))
        assert adjusted_rand_index(table) == pytest.approx(expected, abs=1e-12)
