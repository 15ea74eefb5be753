"""How large a difference has to be so that a t test sees it."""

from __future__ import annotations

from functools import cache

import scipy

LEVEL = 0.05
POWER = 0.8


def detectable_difference(standard_error: float, degrees: float, level: float = LEVEL) -> float:
    """Return the true difference that a two-sided t test finds in 80 of 100 experiments.

    Args:
        standard_error: of the estimated difference.
        degrees: of freedom.
        level: of the test; lower where it is one of several that are corrected for one another.
    """
    return standard_error * _noncentrality(round(degrees, 6), level)


@cache
def _noncentrality(degrees: float, level: float) -> float:
    """The difference in standard errors; the other tail, in which a test would see the wrong sign, is left out."""
    critical = scipy.stats.t.ppf(1 - level / 2, degrees)

    def lacking(noncentrality: float) -> float:
        return float(scipy.stats.nct.sf(critical, degrees, noncentrality)) - POWER

    return float(scipy.optimize.brentq(lacking, 0, 5 * critical))
