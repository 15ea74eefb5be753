"""Permutation tests of a difference over seeds, which assume no distribution and are exact with few seeds.

With few seeds there are few arrangements, and no p-value below `smallest_p`: 0.25 for 3 paired seeds, 0.0625 for 5.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from disentangle_bench.evaluation.seeds.detectable import LEVEL

ARRANGEMENTS = 20_000
"""Up to so many are all counted, which makes the test exact; of more, so many are drawn."""
Floats = NDArray[np.float64]


def sign_flip_p(differences: Floats) -> float:
    """Return the two-sided p-value of paired differences `(n,)`: under the null, both signs are as likely."""
    found = stats.permutation_test(
        (differences,),
        lambda values, axis: values.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=ARRANGEMENTS,
        rng=np.random.default_rng(0),
    )
    return float(found.pvalue)


def permutation_p(first: Floats, second: Floats) -> float:
    """Return the two-sided p-value of the difference of the means of `(n,)` and `(m,)` seeds that are not paired.

    Under the null, each division of all seeds into n and m is as likely.
    """
    found = stats.permutation_test(
        (second, first),
        lambda after, before, axis: after.mean(axis=axis) - before.mean(axis=axis),
        permutation_type="independent",
        vectorized=True,
        n_resamples=ARRANGEMENTS,
        rng=np.random.default_rng(0),
    )
    return float(found.pvalue)


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
