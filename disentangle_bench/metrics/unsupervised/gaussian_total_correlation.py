"""Total correlation of the codes, were they Gaussian."""

from __future__ import annotations

import numpy as np

from disentangle_bench.metrics.metric import Codes, Score, metric
from disentangle_bench.metrics.unsupervised.covariance import Covariance

_SINGULAR = 1e-12
"""A correlation matrix with a smaller eigenvalue is singular up to rounding."""


@metric(
    "gaussian-total-correlation",
    version=1,
    bounds=(0, None),
    better="lower",
    unit="nats",
    source="Watanabe (1960); for Gaussian codes as in arXiv:1811.12359, section 5.2",
)
def gaussian_total_correlation(codes: Codes) -> Score:
    """How far codes are from independent, in nats, if they were jointly Gaussian: their linear dependence.

    The divergence of a Gaussian with the codes' covariance from the product of its marginals:
    `(sum of ln variances - ln det covariance) / 2`. It sees no dependence but the linear one, and a perfectly
    independent set of codes may know nothing of the data: 0 is no merit by itself. Categorical and cyclic codes have
    no covariance and are left out, as are constant ones. Where a code is a linear function of others the figure is
    infinite, and given as undefined.

    Args:
        codes: `(n, d)`, 2 or more that vary on a scale.
    """
    covariance = Covariance.of(codes)
    if covariance.reason:
        return Score.undefined(covariance.reason)
    deviations = np.sqrt(np.diag(covariance.matrix))
    eigenvalues = np.linalg.eigvalsh(covariance.matrix / np.outer(deviations, deviations))
    if eigenvalues[0] < _SINGULAR:
        return Score.undefined("a code is a linear function of others, so the total correlation is infinite")
    return Score(max(-float(np.log(eigenvalues).sum()) / 2, 0.0), ceiling=0.0, details=covariance.details())
