"""Wasserstein distance of the codes from independent ones, were they Gaussian."""

from __future__ import annotations

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
)
def gaussian_wasserstein_correlation(codes: Codes) -> dict[str, Score]:
    """How far codes are from independent, if they were jointly Gaussian, as a squared Wasserstein distance.

    The squared 2-Wasserstein distance of a Gaussian with the codes' covariance C from the product of its marginals,
    whose covariance is the diagonal D of C: `2 trace(C) - 2 trace((C D)^(1/2))`. It has the unit of the codes,
    squared; `normalised` is its share of `trace(C)`, at most 2, whatever their common scale. Unlike the total
    correlation it stays finite where codes depend on each other completely. Categorical and cyclic codes have no
    covariance and are left out, as are constant ones.

    Args:
        codes: `(n, d)`, 2 or more that vary on a scale.
    """
    covariance = Covariance.of(codes)
    if covariance.reason:
        undefined = Score.undefined(covariance.reason)
        return {"distance": undefined, "normalised": undefined}
    matrix, roots = covariance.matrix, np.sqrt(np.diag(covariance.matrix))
    eigenvalues = np.linalg.eigvalsh(roots[:, None] * matrix * roots)  # those of C D, by a symmetric matrix
    total = float(np.trace(matrix))
    distance = max(2 * total - 2 * float(np.sqrt(np.maximum(eigenvalues, 0)).sum()), 0.0)
    return {
        "distance": Score(distance, ceiling=0.0, details=covariance.details()),
        "normalised": Score(distance / total, ceiling=0.0, bounds=(0, 2)),
    }
