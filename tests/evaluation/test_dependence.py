"""How much factors tell of each other, against information written out."""

from __future__ import annotations

import time

import numpy as np
import pytest

from disentangle_bench.evaluation.dependence import strongest_dependence
from disentangle_bench.representation.variables import Variables
from tests.metrics.information.pairwise import entropies, pairwise_information


def factors(values: np.ndarray, **options: object) -> Variables:
    return Variables.wrap(values, prefix="f", **options)


def test_the_pair_that_shares_most_of_an_entropy_is_named() -> None:
    rng = np.random.default_rng(0)
    first, other = rng.integers(5, size=(2, 3000))
    second = np.where(rng.random(3000) < 0.7, first, other)
    values = np.column_stack(
        [rng.integers(4, size=3000), first, np.where(rng.random(3000) < 0.2, first, other), second]
    )
    shared, sizes = pairwise_information(values, values, 20), entropies(values, 20)
    found = strongest_dependence(factors(values))
    assert {found["of"], found["on"]} == {"f2", "f4"}
    corrected = shared[1, 3] + (5 + 5 - 25 - 1) / (2 * 3000)  # Miller (1955), with all 25 pairs of values in use
    assert found["information"] == pytest.approx(corrected)
    assert found["share"] == pytest.approx(corrected / min(sizes[1], sizes[3]))


def test_independent_factors_are_not_called_dependent() -> None:
    for seed in range(50):
        rng = np.random.default_rng(seed)
        values = np.column_stack([rng.integers(size, size=400) for size in (3, 6, 40, 32)])
        assert strongest_dependence(factors(values)) is None


def test_a_factor_that_differs_in_every_row_and_a_constant_one_tell_nothing() -> None:
    rng = np.random.default_rng(0)
    values = np.column_stack([np.arange(500), rng.integers(3, size=500), np.ones(500, dtype=int)])
    assert strongest_dependence(factors(values)) is None


def test_continuous_factors_are_cut_into_bins() -> None:
    first = np.random.default_rng(0).normal(size=2000)
    found = strongest_dependence(factors(np.column_stack([first, np.exp(first)])))
    assert 0.3 < found["share"] <= 1


def test_many_factors_are_not_compared() -> None:
    values = np.tile(np.arange(20)[:, None], 3000)
    begun = time.process_time()
    assert strongest_dependence(factors(values)) is None
    assert time.process_time() - begun < 2
