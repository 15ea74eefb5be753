"""Rows by the values of their factors, in full and in incomplete grids."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from disentangle_bench.metrics.intervention.ground_truth_index import GroundTruthIndex
from disentangle_bench.representation.variables import Variables

SIZES = (2, 3, 4)
GRID = np.array(list(product(*map(range, SIZES))))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("factor", range(3))
def test_a_batch_shares_its_value_and_all_else_is_uniform(factor):
    """In a full grid values are equally likely, and so are the combinations of the other factors."""
    rows = GroundTruthIndex(Variables.wrap(GRID)).fixing(factor).batches(4_000, 10, rng())
    values = GRID[rows]
    assert (values[:, :, factor] == values[:, :1, factor]).all()
    shares = np.bincount(rows.ravel(), minlength=len(GRID)) / rows.size
    assert shares == pytest.approx(np.full(len(GRID), 1 / len(GRID)), abs=0.01)


def test_pairs_share_a_value_and_are_never_the_same_row():
    first, second = GroundTruthIndex(Variables.wrap(GRID)).fixing(2).pairs(300, 10, rng())
    assert (GRID[first, 2] == GRID[second, 2]).all()
    assert (first != second).all()
    met = np.zeros((len(GRID), len(GRID)), dtype=int)
    np.add.at(met, (first, second), 1)
    assert ((met > 0).sum(axis=1) == 24 // 4 - 1).all()


def test_several_factors_at_once():
    groups = GroundTruthIndex(Variables.wrap(np.repeat(GRID, 2, axis=0))).fixing(0, 2)
    assert len(groups) == 8
    values = np.repeat(GRID, 2, axis=0)[groups.batches(50, 6, rng())]
    assert (values[:, :, [0, 2]] == values[:, :1, [0, 2]]).all()


def test_an_incomplete_grid_leaves_out_values_of_a_single_row():
    factors = np.array([[0, 7], [0, 8], [1, 7], [2, 7], [2, 9]])
    index = GroundTruthIndex(Variables.wrap(factors))
    assert sorted(index.fixing(0).rows[index.fixing(0).starts]) == [0, 3]
    assert index.fixing(1).sizes.tolist() == [3]
    assert set(index.fixing(1).batches(100, 4, rng()).ravel()) == {0, 2, 3}
    assert set(index.fixing(0).batches(100, 4, rng()).ravel()) == {0, 1, 3, 4}


def test_only_the_given_rows_are_drawn():
    rows = np.array([1, 5, 9, 13, 17, 21])
    index = GroundTruthIndex(Variables.wrap(GRID), rows)
    assert set(index.fixing(0).batches(100, 5, rng()).ravel()) == set(rows)


def test_a_continuous_factor_is_fixed_within_a_bin():
    values = rng().uniform(0, 1, (1_000, 1))
    rows = GroundTruthIndex(Variables.wrap(values), num_bins=10).fixing(0).batches(50, 20, rng())
    assert np.ptp(values[rows, 0], axis=1).max() < 0.1
    assert len(GroundTruthIndex(Variables.wrap(values), num_bins=4).fixing(0)) == 4


def test_a_seed_draws_the_same_rows():
    groups = GroundTruthIndex(Variables.wrap(GRID)).fixing(1)
    assert np.array_equal(groups.batches(5, 5, rng()), groups.batches(5, 5, rng()))
