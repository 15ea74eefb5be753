"""How likely a run of one model is better than a run of another."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import ndtri

from disentangle_bench.evaluation.seeds.summary import CONFIDENCE, SeedInterval

_Z = float(ndtri(0.5 + CONFIDENCE / 2))


def probability_of_improvement(first: NDArray[np.float64], second: NDArray[np.float64]) -> SeedInterval:
    """Estimate `P(second > first) + P(second = first) / 2` for one run of each, from `(n,)` and `(m,)` seeds.

    The estimate is Mann and Whitney's U over n m; the interval is Newcombe's fifth (Statistics in Medicine 25, 2006,
    559-573), which keeps its coverage where every run of the one is better than every run of the other. There, the
    bootstrap's has no width.
    """
    n, m = len(first), len(second)
    better = np.greater.outer(second, first) + np.equal.outer(second, first) / 2  # U is its sum; scipy.stats takes long
    value = float(better.mean())
    half = (n + m) / 2 - 1

    def outside(probability: float) -> float:
        spread = 1 + half * (1 - probability) / (2 - probability) + half * probability / (1 + probability)
        return (probability - value) ** 2 - _Z**2 * probability * (1 - probability) * spread / (n * m)

    step = 1e-9  # 0 and 1 solve the equation for every value
    low = scipy.optimize.brentq(outside, step, value - step) if value > 0 else 0.0
    high = scipy.optimize.brentq(outside, value + step, 1 - step) if value < 1 else 1.0
    return SeedInterval(value, float(low), float(high))
