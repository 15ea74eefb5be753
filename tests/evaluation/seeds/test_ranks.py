"""Rank intervals and tie groups."""

import numpy as np
import pytest

from disentangle_bench.evaluation.seeds import paired_seeds, rank_intervals, unpaired_seeds
from disentangle_bench.evaluation.seeds.ranks import _paired_p, _unpaired_p

RNG = np.random.default_rng


def models(*means, n=5, spread=0.1):
    return {
        name: mean + RNG(place).normal(0, spread, size=n)
        for place, (name, mean) in enumerate(zip("abcd", means, strict=False))
    }


def test_models_far_apart_have_their_own_rank():
    ranked = rank_intervals(models(0, 10, 20))
    assert [(of.name, of.best, of.worst, of.groups) for of in ranked] == [
        ("c", 1, 1, (1,)),
        ("b", 2, 2, (2,)),
        ("a", 3, 3, (3,)),
    ]
    assert ranked[0].mean == pytest.approx(20, abs=0.2)


def test_lower_may_be_better():
    assert [of.name for of in rank_intervals(models(0, 10, 20), higher=False)] == ["a", "b", "c"]


def test_what_is_not_told_apart_is_tied():
    ranked = {of.name: of for of in rank_intervals(models(0, 0.01, 10))}
    assert (ranked["c"].best, ranked["c"].worst, ranked["c"].groups) == (1, 1, (1,))
    for name in "ab":
        assert (ranked[name].best, ranked[name].worst, ranked[name].groups) == (2, 3, (2,))


def test_a_model_between_two_groups_is_in_both():
    values = {"low": [0.0, 0.1, -0.1, 0.05, -0.05], "middle": [0, 1, 2, 3, 4], "high": [4.0, 4.1, 3.9, 4.05, 3.95]}
    ranked = {of.name: of for of in rank_intervals({name: np.array(of) for name, of in values.items()})}
    assert ranked["middle"].groups == (1, 2)
    assert (ranked["middle"].best, ranked["middle"].worst) == (1, 3)
    assert (ranked["high"].groups, ranked["low"].groups) == ((1,), (2,))


def test_seeds_that_are_paired_take_out_what_they_share():
    shared = RNG(0).normal(0, 5, size=6)
    values = {"a": shared, "b": shared + 1 + RNG(1).normal(0, 0.1, size=6)}
    assert [of.worst for of in rank_intervals(values)] == [2, 2]
    assert [of.worst for of in rank_intervals(values, paired=True)] == [1, 2]


def test_one_seed_is_told_apart_from_nothing():
    assert [of.best for of in rank_intervals({"a": np.array([0.1]), "b": np.array([0.9])})] == [1, 1]


def test_true_ranks_lie_within_their_intervals_nineteen_times_in_twenty():
    held = 0
    for trial in range(40):
        rng = RNG(trial)
        values = {name: rng.normal(mean, 1, size=5) for name, mean in zip("abc", (0, 1, 2), strict=True)}
        ranked = {of.name: (of.best, of.worst) for of in rank_intervals(values, higher=False)}
        held += all(ranked[name][0] <= rank <= ranked[name][1] for name, rank in zip("abc", (1, 2, 3), strict=True))
    assert held >= 37


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("shape", ["spread", "shifted", "equal", "single"])
def test_pairs_are_tested_as_by_the_differences(shape: str, paired: bool) -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=1 if shape == "single" else 5)
    second = {"spread": rng.normal(0.5, size=len(first)), "shifted": first + 1}.get(shape, first)
    if shape == "shifted" and not paired:
        first, second = np.zeros(5), np.ones(5)
    expected = (paired_seeds if paired else unpaired_seeds)(first, second).p
    found = (_paired_p if paired else _unpaired_p)(first, second)
    assert found == pytest.approx(1.0 if expected is None else expected)
