"""The Wasserstein distance of Gaussian codes with the same covariance from independent ones."""

from __future__ import annotations

import math

import numpy as np

from disentangle_bench.metrics.metric import Codes, Score, metric
from disentangle_bench.metrics.unsupervised.covariance import Covariance


@metric(
    "gaussian-wasserstein-correlation",
    version=1,
    bounds=(0, None),
    better="lower",
    source="arXiv:1811.12359, section 5.2; distance of Gaussians by Givens and Shortt (1984)",
    scale_invariant=False,
    seconds=1e-6,  # of 10 codes; eigenvalues of thousands take minutes
    grows_with=("codes", "codes", "codes"),
)
def gaussian_wasserstein_correlation(codes: Codes) -> dict[str, Score]:
    """Gaussian Wasserstein correlation: high when codes depend on each other linearly, as a squared distance.

    The squared 2-Wasserstein distance of a Gaussian with the codes' covariance C from the product of its marginals,
    whose covariance is the diagonal D of C. Unlike the total correlation it stays finite where codes determine each
    other.

        W = 2 tr C - 2 tr (C D)^(1/2)

    Does not see: dependence that is not linear; nor whether the codes hold anything of the data. Independent noise
    scores 0, which is the best value.

    Args:
        codes: `(n, d)`, of which 2 or more ordinal or continuous ones vary. Categorical and cyclic codes, which have no
            covariance, and constant codes are left out and named in the details.

    Returns:
        `distance`, W, in squared units of the codes; and `normalized`, `W / tr C`, in [0, 2], which does not depend on
        the codes' common scale.

    Raises:
        DbenchError: NaN or infinite values, or a single sample.

    References:
        Locatello et al. (2018), arXiv:1811.12359, section 5.2; distance of Gaussians by Givens and Shortt (1984).

    Example:
        Two codes of equal variance with a correlation of 0.6: `2 - sqrt(1.6) - sqrt(0.4)`, as a share of the variance.

        >>> from disentangle_bench.metrics import gaussian_wasserstein_correlation
        >>> scores = gaussian_wasserstein_correlation([[1.0, 1.4], [1.0, -0.2], [-1.0, 0.2], [-1.0, -1.4]])
        >>> round(scores["normalized"].value, 3)
        0.103
    """
    covariance = Covariance.of(codes)
    if covariance.reason:
        undefined = Score.undefined(covariance.reason)
        return {"distance": undefined, "normalized": undefined}
    matrix, roots = covariance.matrix, np.sqrt(np.diag(covariance.matrix))
    eigenvalues = np.linalg.eigvalsh(roots[:, None] * matrix * roots)  # those of C D, by a symmetric matrix
    total = float(np.trace(matrix))
    distance = max(2 * total - 2 * float(np.sqrt(np.maximum(eigenvalues, 0)).sum()), 0.0)
    try:
        squared = Score(math.ldexp(distance, -2 * covariance.exponent), ceiling=0.0, details=covariance.details())
    except OverflowError:
        squared = Score.undefined("the codes are so large that their squares are infinite")
    return {
        "distance": squared,
        "normalized": Score(distance / total, ceiling=0.0, bounds=(0, 2)),
    }
