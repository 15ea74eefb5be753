"""Permutation tests against counting all arrangements by hand."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from disentangle_bench.evaluation.seeds import contradicts, permutation_p, sign_flip_p, smallest_p

RNG = np.random.default_rng


@pytest.mark.parametrize("n", [3, 5, 8])
def test_sign_flips_are_counted(n):
    differences = RNG(n).normal(0.5, 1, size=n)
    flipped = [abs(np.dot(signs, differences)) for signs in product((-1, 1), repeat=n)]
    assert sign_flip_p(differences) == pytest.approx(np.mean(np.array(flipped) >= abs(differences.sum()) - 1e-12))


@pytest.mark.parametrize(("n", "m"), [(3, 3), (4, 3), (3, 5), (5, 5)])
def test_divisions_are_counted(n, m):
    first, second = RNG(n).normal(size=n), RNG(m).normal(1, 1, size=m)
    whole = np.concatenate([first, second])
    differences = np.array(
        [np.delete(whole, chosen).mean() - whole[list(chosen)].mean() for chosen in combinations(range(n + m), n)]
    )
    observed = second.mean() - first.mean()
    tails = np.mean(differences >= observed - 1e-12), np.mean(differences <= observed + 1e-12)
    assert permutation_p(first, second) == pytest.approx(min(1, 2 * min(tails)))


@pytest.mark.parametrize("n", [6, 14, 40])
def test_p_is_scipys(n):
    """Exactly where all arrangements are counted, and within the sampling error of both where they are drawn."""
    first, second = RNG(n).normal(size=n), RNG(n + 1).normal(0.5, 1, size=n)

    def mean(values, axis):
        return values.mean(axis=axis)

    def difference(after, before, axis):
        return after.mean(axis=axis) - before.mean(axis=axis)

    options = {"vectorized": True, "n_resamples": 20_000, "rng": RNG(1)}
    paired = stats.permutation_test((second - first,), mean, permutation_type="samples", **options).pvalue
    unpaired = stats.permutation_test((second, first), difference, permutation_type="independent", **options).pvalue
    assert sign_flip_p(second - first) == pytest.approx(paired, abs=1e-12 if n <= 14 else 6 * (paired / 20_000) ** 0.5)
    assert permutation_p(first, second) == pytest.approx(
        unpaired, abs=1e-12 if n <= 6 else 6 * (unpaired / 20_000) ** 0.5
    )


@pytest.mark.parametrize("n", [30, 100])
def test_drawn_arrangements_are_as_likely(n):
    """Under the null, p-values of paired and unpaired seeds are uniform."""
    rng = RNG(0)
    for p in (sign_flip_p, lambda values: permutation_p(values[: n // 2], values[n // 2 :])):
        found = [p(rng.normal(size=n)) for _ in range(200)]
        assert stats.kstest(found, "uniform").pvalue > 1e-3


def test_the_smallest_p_is_that_of_groups_that_do_not_overlap():
    low, high = np.arange(4.0), np.arange(10.0, 14.0)
    assert sign_flip_p(high - low[::-1]) == smallest_p(4) == 0.125
    assert permutation_p(low, high) == pytest.approx(smallest_p(4, 4)) == pytest.approx(2 / 70)


def test_many_seeds_are_sampled_and_give_the_same_twice():
    values = RNG(0).normal(0.3, 1, size=30)
    assert sign_flip_p(values) == sign_flip_p(values)


def test_the_test_contradicts_only_where_it_could_have_agreed():
    assert not contradicts(2 / 64, smallest_p(6))
    assert contradicts(4 / 64, smallest_p(6))
    assert not contradicts(0.25, smallest_p(3))
    assert not contradicts(None, None)
