"""MIG-sup, the supplement of the mutual information gap: does each code hold one factor?"""

from __future__ import annotations

from disentangle_bench.metrics.information.contingency import Contingency, best_and_second
from disentangle_bench.metrics.information.counted import score_counts
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric

ONE_FACTOR = "a gap between factors needs two that vary; there is one"
NO_CODE = "no code varies"


@metric(
    "mig-sup",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:2002.10549, its metric MIG-sup",
    default=False,
    groups=True,
)
def mutual_information_gap_supplement(codes: Codes, factors: Factors, *, num_bins: int = 20) -> Score:
    """MIG supplement (MIG-sup): high when each code holds one factor and nothing of any other.

    The gap between the best factor of a code and the runner-up, each as a share of its entropy, averaged over the
    codes. It complements `mig`, which asks the same of factors. An uninformative code scores 0, so spare codes lower
    the mean.

        MIG-sup = 1/d Σ_i [I(c_i; v_best) / H(v_best) - I(c_i; v_second) / H(v_second)]

    Does not see: a factor that several codes hold, which `mig` punishes.

    The paper averages over active codes; its authors' program takes those whose posterior means have a variance above
    0.01. That depends on the scale of a code, so here only codes that never change are left out. The program of the
    review (arXiv:2012.09276) divides by the entropy of the code instead, which gives less with 20 bins.

    Args:
        codes: `(n, d)`; continuous and cyclic codes are cut into equal-width bins, other kinds count value by value.
        factors: `(n, k)`; likewise. Factors that never change are left out.
        num_bins: bins of each continuous variable.

    Returns:
        The mean gap, a share of entropy in [0, 1]; undefined for a single factor. Its details hold the gap and the best
        factor of each code.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples or fewer than 2 bins.

    References:
        Li et al. (2020), arXiv:2002.10549, its metric MIG-sup.

    Example:
        The first code determines both factors, a gap of 0; the second code is the first factor, a gap of 1.

        >>> from disentangle_bench.metrics import mutual_information_gap_supplement
        >>> factors = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> mutual_information_gap_supplement([[0, 0], [1, 0], [2, 1], [3, 1]], factors).value
        0.5
    """
    return score_counts(from_counts, codes, factors, num_bins)


def from_counts(counts: Contingency) -> Score:
    """Compute MIG-sup from counts."""
    information = counts.information()
    alive = information.codes > 0
    if information.reason or len(information.factor_names) < 2 or not alive.any():
        one_factor = ONE_FACTOR if len(information.factor_names) < 2 else NO_CODE
        return Score.undefined(information.reason or one_factor)
    shares = information.normalized[alive]
    best, second = best_and_second(shares)
    each = range(len(shares))
    gaps = shares[each, best] - shares[each, second]
    details = {
        "codes": [name for name, lives in zip(information.code_names, alive, strict=True) if lives],
        "gaps": gaps.tolist(),
        "best_factors": [information.factor_names[factor] for factor in best],
        "constant_codes": [name for name, lives in zip(information.code_names, alive, strict=True) if not lives],
        "constant_factors": list(information.constant),
    }
    return Score(float(gaps.mean()), details=details)
