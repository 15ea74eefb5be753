"""A metric of anybody's codes and factors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.metrics import Score, metric
from disentangle_bench.metrics.encoding import numeric_columns
from disentangle_bench.metrics.inputs import Observations
from disentangle_bench.metrics.metric import Codes, Factors


@metric("correlation-ratio", version=1, bounds=(0, 1), better="higher", source="Fisher (1925), section 45")
def correlation_ratio(codes: Codes, factors: Factors) -> Score:
    """Best correlation ratio: high when each factor determines the value of at least one code.

    The share of a code's variance that lies between the classes of a factor, of the best code of each factor:

        score = 1/k Σ_j max_i η²_ij,   η²_ij = Var(E[c_i given v_j]) / Var(c_i)

    Does not see: disentanglement. Codes that all follow every factor score high, too. A factor with a class for every
    sample determines everything.

    Args:
        codes: `(n, d)`; the variance of a categorical code is the sum of that of its indicators.
        factors: `(n, k)`. Those that never change are left out.

    Returns:
        The mean over factors, in [0, 1]. Its details hold the ratio of each factor.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples.

    References:
        Fisher (1925), Statistical Methods for Research Workers, section 45.

    Example:
        The first code is the factor, and the second one is independent of it.

        >>> correlation_ratio([[0.0, 1.0], [0.0, 2.0], [1.0, 1.0], [1.0, 2.0]], [0, 0, 1, 1]).value
        1.0
    """
    data = Observations.of(codes, factors)  # checks both; anything a user can get wrong is a DbenchError
    if data.reason:
        return Score.undefined(data.reason)
    columns = numeric_columns(data.codes)
    centered = columns.values - columns.values.mean(axis=0)
    total = columns.total((centered**2).sum(axis=0))
    best = {}
    for name in data.factors.names:
        between = columns.total(_between(centered, data.factors.column(name)))
        best[name] = float(np.divide(between, total, out=np.zeros_like(total), where=total > 0).max())
    return Score(float(np.mean(list(best.values()))), details={"each": best})


def _between(centered: NDArray[np.float64], classes: NDArray[np.generic]) -> NDArray[np.float64]:
    """The sum of squares of centered columns `(n, p)` that lies between classes `(n,)`, for each column."""
    names, number = np.unique(classes, return_inverse=True)
    indicators = np.eye(len(names))[number.ravel()]
    sums = indicators.T @ centered
    return np.asarray((sums**2 / indicators.sum(axis=0)[:, None]).sum(axis=0))
