"""DCIMIG, later named 3CharM: the gaps of codes, credited to factors."""

from __future__ import annotations

import numpy as np

from disentangle_bench.metrics.information.contingency import Contingency, best_and_second
from disentangle_bench.metrics.information.mig_sup import ONE_FACTOR
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric


@metric(
    "dcimig",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1910.05587; arXiv:2012.09276",
    default=False,
)
def dcimig(codes: Codes, factors: Factors, *, num_bins: int = 20) -> Score:
    """How much of the factors' entropy is known to codes that know one factor only.

    Each code's gap `I(c; v_best) - I(c; v_second)` is credited to its best factor; a factor keeps the greatest credit,
    or 0 if it is no code's best. The sum over factors is divided by the sum of their entropies. So factors weigh by
    their entropies, spare codes cost nothing, and neither does a factor that several codes know.

    Args:
        codes: `(n, d)`; continuous ones and angles are cut into equal-width bins, categories count as they are.
        factors: `(n, k)`; likewise. Those that never change are left out.
        num_bins: bins of each continuous variable.

    Returns:
        The share in [0, 1]; undefined for a single factor. In its details each factor's credit, in nats, and entropy.

    Raises:
        DbenchError: arrays that do not fit together, NaN, fewer than 4 samples or 2 bins.
    """
    return from_counts(Contingency.of(codes, factors, num_bins))


def from_counts(counts: Contingency) -> Score:
    """DCIMIG of samples that have been counted."""
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
