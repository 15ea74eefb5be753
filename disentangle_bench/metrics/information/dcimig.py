"""DCIMIG, later named 3CharM: the gaps of codes, credited to factors."""

from __future__ import annotations

import numpy as np

from disentangle_bench.metrics.information.contingency import Contingency, best_and_second
from disentangle_bench.metrics.information.counted import score_counts
from disentangle_bench.metrics.information.mig_sup import ONE_FACTOR
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric


@metric(
    "dcimig",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1910.05587; arXiv:2012.09276",
    default=False,
    groups=True,
)
def dcimig(codes: Codes, factors: Factors, *, num_bins: int = 20) -> Score:
    """DCIMIG (also 3CharM): high when every factor is held by a code that holds no other factor.

    Each code's gap between its best and its second-best factor is credited to the best one. A factor keeps its greatest
    credit, or 0 if it is no code's best, so factors weigh by their entropies and spare codes cost nothing.

        gap_i  = I(c_i; v_best) - I(c_i; v_second)
        DCIMIG = Σ_j max {gap_i : j is the best factor of code i} / Σ_j H(v_j)

    Does not see: spare codes, nor a factor that several codes hold.

    Args:
        codes: `(n, d)`; continuous and cyclic codes are cut into equal-width bins, other kinds count value by value.
        factors: `(n, k)`; likewise. Factors that never change are left out.
        num_bins: bins of each continuous variable.

    Returns:
        The share of entropy in [0, 1]; undefined for a single factor. Its details hold the credit and the entropy of
        each factor, in nats.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples or fewer than 2 bins.

    References:
        Sepliarskaia et al. (2019), arXiv:1910.05587; named DCIMIG by Carbonneau et al. (2020), arXiv:2012.09276.

    Example:
        The only code is the first of two factors of the same entropy.

        >>> from disentangle_bench.metrics import dcimig
        >>> dcimig([0, 0, 1, 1], [[0, 0], [0, 1], [1, 0], [1, 1]]).value
        0.5
    """
    return score_counts(from_counts, codes, factors, num_bins)


def from_counts(counts: Contingency) -> Score:
    """Compute DCIMIG from counts."""
    information = counts.information()
    if information.reason or len(information.factor_names) < 2:
        return Score.undefined(information.reason or ONE_FACTOR)
    shared = information.shared
    best, second = best_and_second(shared)
    each = range(len(shared))
    credits_of = np.zeros_like(shared)
    credits_of[each, best] = shared[each, best] - shared[each, second]
    kept = credits_of.max(axis=0)
    details = {
        "factors": list(information.factor_names),
        "credits": kept.tolist(),
        "entropies": information.factors.tolist(),
        "constant_factors": list(information.constant),
    }
    return Score(float(kept.sum() / information.factors.sum()), details=details)
