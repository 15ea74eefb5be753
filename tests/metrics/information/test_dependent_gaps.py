"""DMIG, XMIG and DLIG against their formulas written out, and what they are for: factors that depend on each other."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from disentangle_bench.metrics import METRICS

from .pairwise import entropies, pairwise_information

NAMES = ("dmig", "xmig", "dlig")


def gaps_of(name, codes, factors):
    score = METRICS.get(name)(codes, factors)
    return score.value, score.details.get("gaps")


def draw(seed, spare=2):
    """Dependent factors, and codes that leak, in random order."""
    rng = np.random.default_rng(seed)
    factors = rng.integers(4, size=(600, 3))
    factors[:, 1] = np.where(rng.random(600) < 0.6, factors[:, 0], factors[:, 1])
    noisy = factors + rng.uniform(0.05, 1.5) * rng.normal(size=(600, 3))
    codes = np.column_stack([noisy, rng.normal(size=(600, spare)) + 0.5 * factors[:, :1]])
    return codes[:, rng.permutation(3 + spare)], factors


def expected(codes, factors):
    """The three gaps of each factor; the assignment is found by trying all."""
    told, among, whole = (
        pairwise_information(codes, factors),
        pairwise_information(factors, factors),
        entropies(factors),
    )
    d, k = told.shape
    own = max(permutations(range(d), k), key=lambda codes: sum(told[c, f] / whole[f] for f, c in enumerate(codes)))
    gaps = {name: [] for name in NAMES}
    for factor, code in enumerate(own):
        second = max(set(range(d)) - {code}, key=lambda other: told[other, factor])
        left = whole[factor] - (among[factor, own.index(second)] if second in own else 0)
        gaps["dmig"].append((told[code, factor] - told[second, factor]) / left)
        blind = max((told[other, factor] for other in range(d) if other not in own), default=np.nan)
        gaps["xmig"].append((told[code, factor] - blind) / whole[factor])
        other = max(set(range(k)) - {factor}, key=lambda other: told[code, other])
        left = whole[factor] - among[factor, other]
        gaps["dlig"].append((told[code, factor] - told[code, other]) / left)
    return gaps


@pytest.mark.parametrize("seed", range(10))
def test_the_gaps_are_those_of_the_formulas(seed):
    codes, factors = draw(seed)
    for name, gaps in expected(codes, factors).items():
        value, found = gaps_of(name, codes, factors)
        assert found == pytest.approx(gaps, abs=1e-12), name
        assert value == pytest.approx(np.mean(gaps), abs=1e-12)


def test_perfect_codes_of_dependent_factors_score_1_and_by_mig_less():
    _, factors = draw(0)
    codes = np.column_stack([factors, np.zeros(600)])
    for name in NAMES:
        assert METRICS.get(name)(codes, factors).value == pytest.approx(1)
    assert METRICS.get("mig")(codes, factors).value < 0.9


def test_of_independent_factors_dmig_is_mig():
    factors = np.array([(a, b) for a in range(3) for b in range(4)] * 30)
    codes = factors + 0.4 * np.random.default_rng(0).normal(size=factors.shape)
    assert METRICS.get("dmig")(codes, factors).value == pytest.approx(
        METRICS.get("mig")(codes, factors).value, abs=1e-9
    )


def test_a_factor_that_another_one_determines_is_left_out():
    factors = np.array([(a, a // 2, b) for a in range(4) for b in range(3)] * 20)
    for name in ("dmig", "dlig"):
        value, gaps = gaps_of(name, factors, factors)
        assert gaps == [pytest.approx(1), None, pytest.approx(1)], name
        assert value == pytest.approx(1)
    same = METRICS.get("dmig")(factors[:, [0, 0]], factors[:, [0, 0]])
    assert same.reason == "every factor is determined by another one"


@pytest.mark.parametrize(
    ("name", "codes", "factors", "reason"),
    [
        ("dmig", 2, 3, "3 factors need a code each; there are 2"),
        ("dmig", 1, 1, "a gap needs two codes; there is one"),
        ("xmig", 3, 3, "every code is a factor's own, and none is spare"),
        ("dlig", 2, 1, "a gap between factors needs two factors; there is one"),
    ],
)
def test_what_is_undefined_says_why(name, codes, factors, reason):
    values, truth = draw(0)
    assert METRICS.get(name)(values[:, :codes], truth[:, :factors]).reason == reason


@pytest.mark.parametrize("name", NAMES)
def test_rows_drawn_again_are_counted_again(name):
    codes, factors = draw(1)
    weights = np.random.default_rng(0).multinomial(600, np.full(600, 1 / 600))
    score = METRICS.get(name)(codes, factors)
    assert score.resampling.values(np.ones(600, dtype=np.int64))[""] == pytest.approx(score.value, abs=1e-9)
    rows = np.repeat(np.arange(600), weights)
    anew = METRICS.get(name)(codes[rows], factors[rows]).value
    assert score.resampling.values(weights)[""] == pytest.approx(anew, abs=0.05)  # the bins are those of all rows
