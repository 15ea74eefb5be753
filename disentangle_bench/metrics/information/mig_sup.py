"""The supplement of the mutual information gap: does each code know one factor?"""

from __future__ import annotations

from disentangle_bench.metrics.information.contingency import Contingency, best_and_second
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
)
def mutual_information_gap_supplement(codes: Codes, factors: Factors, *, num_bins: int = 20) -> Score:
    """How much more each code knows of its best factor than of its second best, as shares of the factors' entropies.

    The mean over codes of `I(c; v_best) / H(v_best) - I(c; v_second) / H(v_second)`. To be read beside `mig`, which
    does not mind a code that knows several factors, as this does not mind a factor in several codes. A code that knows
    nothing scores 0, so spare codes lower it.

    The paper averages over codes that are active, by its authors' program those whose posterior means vary by more than
    0.01; that depends on a code's scale, so here only codes that never change are left out. The review's program
    (arXiv:2012.09276) divides by the code's entropy instead of the factor's, which with 20 bins comes out lower.

    Args:
        codes: `(n, d)`; continuous ones and angles are cut into equal-width bins, categories count as they are.
        factors: `(n, k)`; likewise. Those that never change are left out.
        num_bins: bins of each continuous variable.

    Returns:
        The mean gap in [0, 1]; undefined for a single factor. In its details the gap and the best factor of each code.

    Raises:
        DbenchError: arrays that do not fit together, NaN, fewer than 4 samples or 2 bins.
    """
    return from_counts(Contingency.of(codes, factors, num_bins))


def from_counts(counts: Contingency) -> Score:
    """The supplement of samples that have been counted."""
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
