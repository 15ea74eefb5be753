"""Counts of all pairs at once against scikit-learn's one table after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics import METRICS
from disentangle_bench.metrics.information.bins import bins_of
from disentangle_bench.metrics.information.contingency import Contingency, best_and_second
from disentangle_bench.representation import Representation, open_representation
from disentangle_bench.representation.variables import Variables
from tests.metrics.information.pairwise import entropies, pairwise_information


def mixed(rows: int = 900) -> tuple[Variables, Variables]:
    rng = np.random.default_rng(0)
    factors = np.column_stack([rng.integers(0, 4, rows), rng.normal(size=rows), rng.uniform(0, 6, rows)])
    kinds = ["categorical", "continuous", "cyclic"]
    codes = np.column_stack([(factors[:, 0] + rng.integers(0, 2, rows)) % 4, factors[:, 1] + rng.normal(size=rows)])
    return Variables.wrap(codes, kinds=kinds[:2]), Variables.wrap(factors, kinds=kinds, prefix="f")


def test_information_is_that_of_each_table():
    codes, factors = mixed()
    information = Contingency.of(codes, factors).information()
    np.testing.assert_allclose(information.shared, pairwise_information(codes, factors), atol=1e-12)
    for found, variables in ((information.codes, codes), (information.factors, factors)):
        np.testing.assert_allclose(found, entropies(variables), atol=1e-12)
    assert (information.code_names, information.factor_names) == (codes.names, factors.names)
    assert information.code_bins == (4, 20)


def test_batches_add_up():
    codes, factors = mixed()
    whole = Contingency.of(codes, factors)
    part = Contingency.empty(whole.codes, whole.factors)
    first, second = np.arange(400), np.arange(400, 900)
    half = part.with_rows(codes.rows(first), factors.rows(first))
    both = half.with_rows(codes.rows(second), factors.rows(second))
    assert np.array_equal(both.joint, whole.joint)
    assert half.samples == 400
    assert part.joint.sum() == 0


def test_too_many_values_to_count():
    numbers = np.arange(20_000)
    with pytest.raises(MetricError, match="'c1' alone has 20,000 values"):
        Contingency.of(numbers, numbers)


def test_factors_that_do_not_vary_are_named():
    codes, factors = mixed()
    dead = Variables.wrap(np.column_stack([np.ones(900), factors.values[:, 0]]), names=["color", "shape"])
    information = Contingency.of(codes, dead).information()
    assert (information.constant, information.factor_names, information.reason) == (("color",), ("shape",), "")
    assert Contingency.of(codes, np.ones(900)).information().reason == "no factor varies: f1"


def test_independent_variables_share_exactly_nothing():
    grid = np.array([[i, j] for i in range(7) for j in range(9)] * 11)
    information = Contingency.of(grid, grid).information()
    assert information.shared[0, 1] == information.shared[1, 0] == 0


def test_ties_go_to_the_lower_cost():
    best, second = best_and_second(np.array([[0.3, 0.1 + 0.2, 0.0]]), np.array([2.0, 1.0, 0.0]))
    assert (best.tolist(), second.tolist()) == ([1], [0])
    best, second = best_and_second(np.array([[0.3, 0.1 + 0.2, 0.0]]))
    assert (best.tolist(), second.tolist()) == ([0], [1])


@pytest.mark.parametrize(
    "name", ["mig", "rmig", "mig-sup", "jemmig", "dcimig", "modularity", "mutual-information-matrix"]
)
def test_a_file_scores_as_its_arrays_and_is_not_loaded(tmp_path: Path, name):
    codes, factors = mixed(70_000)
    Representation(codes, factors).save(tmp_path / "codes.h5")
    stored = open_representation(tmp_path / "codes.h5")
    assert stored.factors is not None
    function = METRICS.get(name)
    assert function(stored.codes, stored.factors) == function(codes, factors)
    assert "values" not in vars(stored.codes)
    assert "values" not in vars(stored.factors)


def test_a_file_is_counted_once(tmp_path: Path, monkeypatch):
    codes, factors = mixed()
    Representation(codes, factors).save(tmp_path / "codes.h5")
    stored = open_representation(tmp_path / "codes.h5")
    assert stored.factors is not None
    first = Contingency.of(stored.codes, stored.factors)
    assert Contingency.of(stored.codes, stored.factors) is first
    assert Contingency.of(stored.codes, stored.factors, 10) is not first


def test_the_bins_of_a_file_are_those_of_its_arrays(tmp_path: Path):
    codes, factors = mixed(70_000)
    Representation(codes, factors).save(tmp_path / "codes.h5")
    stored = open_representation(tmp_path / "codes.h5")
    for reach in (None, 4.0):
        for one, other in zip(bins_of(stored.codes, 20, reach=reach), bins_of(codes, 20, reach=reach), strict=True):
            assert np.array_equal(one.marks, other.marks)
