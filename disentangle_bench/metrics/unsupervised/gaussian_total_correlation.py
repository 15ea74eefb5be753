"""The total correlation of Gaussian codes with the same covariance."""

from __future__ import annotations

import numpy as np

from disentangle_bench.metrics.metric import Codes, Score, metric
from disentangle_bench.metrics.unsupervised.covariance import Covariance

_SINGULAR = 1e-12  # a correlation matrix with a smaller eigenvalue is singular up to rounding


@metric(
    "gaussian-total-correlation",
    version=1,
    bounds=(0, None),
    better="lower",
    unit="nats",
    source="Watanabe (1960); for Gaussian codes as in arXiv:1811.12359, section 5.2",
    seconds=1e-6,  # of 10 codes; eigenvalues of thousands take minutes
    grows_with=("codes", "codes", "codes"),
)
def gaussian_total_correlation(codes: Codes) -> Score:
    """Gaussian total correlation: high when codes depend on each other linearly, in nats.

    The total correlation that the codes would have if they were jointly Gaussian: the divergence of a Gaussian with
    their covariance from the product of its marginals.

        TC = 1/2 (Σ_i ln Var[c_i] - ln det Cov[c])

    Does not see: dependence that is not linear; nor whether the codes hold anything of the data. Independent noise
    scores 0, which is the best value.

    Args:
        codes: `(n, d)`, of which 2 or more ordinal or continuous ones vary. Categorical and cyclic codes, which have no
            covariance, and constant codes are left out and named in the details.

    Returns:
        The total correlation, in nats; 0 at best. Undefined where one code is a linear function of others, for then it
        is infinite.

    Raises:
        DbenchError: NaN or infinite values, or a single sample.

    References:
        Watanabe (1960); for Gaussian codes as in Locatello et al. (2018), arXiv:1811.12359, section 5.2.

    Example:
        Two codes with a correlation of 0.6: -ln(1 - 0.36) / 2.

        >>> from disentangle_bench.metrics import gaussian_total_correlation
        >>> round(gaussian_total_correlation([[1.0, 1.4], [1.0, -0.2], [-1.0, 0.2], [-1.0, -1.4]]).value, 3)
        0.223
    """
    covariance = Covariance.of(codes)
    if covariance.reason:
        return Score.undefined(covariance.reason)
    deviations = np.sqrt(np.diag(covariance.matrix))
    eigenvalues = np.linalg.eigvalsh(covariance.matrix / np.outer(deviations, deviations))
    if eigenvalues[0] < _SINGULAR:
        return Score.undefined("a code is a linear function of others, so the total correlation is infinite")
    return Score(max(-float(np.log(eigenvalues).sum()) / 2, 0.0), ceiling=0.0, details=covariance.details())
