"""Permutation tests of a difference over seeds, which assume no distribution and are exact with few seeds.

With few seeds there are few arrangements, and no p-value below `smallest_p`: 0.25 for 3 paired seeds, 0.0625 for 5.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.evaluation.seeds.detectable import LEVEL

ARRANGEMENTS = 20_000
"""Up to so many are all counted, which makes the test exact; of more, so many are drawn, beside the one found."""
ROUNDING = 1e-12
"""Sums that differ by less, relative to the values, are equal."""
Floats = NDArray[np.float64]
Arrangements = NDArray[np.int8]
"""What each arrangement multiplies the values with, `(arrangements, values)`; the first is the one that was found."""


def sign_flip_p(differences: Floats) -> float:
    """Return the two-sided p-value of paired differences `(n,)`: under the null, both signs are as likely."""
    return _p_of(_sign_flips(len(differences)), differences)


def permutation_p(first: Floats, second: Floats) -> float:
    """Return the two-sided p-value of the difference of the means of `(n,)` and `(m,)` seeds that are not paired.

    Under the null, each division of all seeds into n and m is as likely.
    """
    values = np.concatenate([first, second])
    return _p_of(_divisions(len(first), len(second)), values - values.mean())


def _p_of(arrangements: Arrangements, values: Floats) -> float:
    """Twice the share of arrangements whose sum is at least as far out as the first one's, in the nearer tail."""
    sums = arrangements @ values
    slack = ROUNDING * float(np.abs(values).sum())
    tail = min(np.count_nonzero(sums >= sums[0] - slack), np.count_nonzero(sums <= sums[0] + slack))
    return min(1.0, 2 * tail / len(sums))


@lru_cache(maxsize=8)
def _sign_flips(n: int) -> Arrangements:
    """Every choice of signs of n values, or as many as are drawn: the same for all differences over n seeds."""
    if 2**n <= ARRANGEMENTS:
        flips = np.arange(2**n)[:, None] >> np.arange(n) & 1
    else:
        flips = np.random.default_rng(0).integers(2, size=(1 + ARRANGEMENTS, n), dtype=np.int8)
        flips[0] = 0
    return (1 - 2 * flips).astype(np.int8)


@lru_cache(maxsize=8)
def _divisions(n: int, m: int) -> Arrangements:
    """Every choice of m of n + m values, or as many as are drawn: 1 for the chosen, 0 for the others.

    The difference of the means rises with the sum of the chosen, since the sum of all is the same.
    """
    if math.comb(n + m, m) <= ARRANGEMENTS:
        places = np.array(list(combinations(reversed(range(n + m)), m)))
        choices = np.zeros((len(places), n + m), dtype=np.int8)
        np.put_along_axis(choices, places, 1, axis=1)
        return choices
    found = np.repeat(np.array([0, 1], dtype=np.int8), [n, m])
    drawn = np.random.default_rng(0).permuted(np.tile(found, (ARRANGEMENTS, 1)), axis=1)
    return np.concatenate([found[None], drawn])


def smallest_p(n: int, m: int | None = None) -> float:
    """Return the smallest two-sided p-value that so many seeds can give.

    Args:
        n: pairs of seeds, or the seeds of the first of two groups that are not paired.
        m: the seeds of the second of these.
    """
    return float(2 / (2**n if m is None else math.comb(n + m, n)))


def contradicts(p: float | None, smallest: float | None) -> bool:
    """Whether a permutation test could show a difference at 5 % with so many seeds, and does not.

    Args:
        p: its p-value, if there is a test.
        smallest: the smallest that it can be.
    """
    return p is not None and smallest is not None and smallest < LEVEL <= p
