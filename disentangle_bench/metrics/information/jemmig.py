"""JEMMIG: joint entropy minus the mutual information gap."""

from __future__ import annotations

import numpy as np

from disentangle_bench.metrics.information.contingency import Contingency, best_and_second
from disentangle_bench.metrics.information.counted import score_counts
from disentangle_bench.metrics.information.mig import ONE_CODE
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric


@metric(
    "jemmig",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1908.09961, section 4.3; arXiv:2012.09276",
    default=False,
    factorwise=("", "nats"),
    groups=True,
)
def jemmig(codes: Codes, factors: Factors, *, num_bins: int = 20) -> dict[str, Score]:
    """Joint Entropy Minus Mutual Information Gap (JEMMIG): high when each factor's best code is exactly that factor.

    In nats, as in the paper, lower is better: 0 for a code that holds all of the factor and nothing else while no other
    code does, at most `H(v) + ln m` for a code of m bins. The headline is 1 minus the share of this maximum, so that
    higher is better; the paper's normalized value is 1 minus the headline.

        J_j    = H(c_best, v_j) - I(c_best; v_j) + I(c_second; v_j)
        JEMMIG = 1/k Σ_j [1 - J_j / (H(v_j) + ln m_best)]

    Does not see: what codes other than the two best of each factor hold. Fine bins cost: a continuous code of a factor
    with three values distinguishes more than the factor does.

    The program of the review (arXiv:2012.09276) computes the headline too, but normalizes by the number of bins even
    for a code with another number of categories. Of codes that tie, the one of least entropy is the best; in that
    program rounding decides.

    Args:
        codes: `(n, d)`; continuous and cyclic codes are cut into equal-width bins, other kinds count value by value.
        factors: `(n, k)`; likewise. Factors that never change are left out.
        num_bins: bins of each continuous variable.

    Returns:
        The headline in [0, 1] and `nats`, the mean of J; undefined for a single code. The details hold both values and
        the best code of each factor.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples or fewer than 2 bins.

    References:
        Do and Tran (2019), arXiv:1908.09961, section 4.3; normalized as in Carbonneau et al. (2020), arXiv:2012.09276.

    Example:
        The first code has twice as many values as the factor: J = ln 4 - ln 2 = ln 2, of at most ln 2 + ln 4 = 3 ln 2.

        >>> from disentangle_bench.metrics import jemmig
        >>> scores = jemmig([[0, 0], [1, 0], [2, 0], [3, 0]], [0, 0, 1, 1])
        >>> round(scores[""].value, 3), round(scores["nats"].value, 3)
        (0.667, 0.693)
    """
    return score_counts(from_counts, codes, factors, num_bins)


def from_counts(counts: Contingency) -> dict[str, Score]:
    """Compute JEMMIG from counts."""
    information = counts.information()
    if information.reason or len(information.code_names) < 2:
        undefined = Score.undefined(information.reason or ONE_CODE)
        return {"": undefined, "nats": undefined}
    shared = information.shared.T
    best, second = best_and_second(shared, information.codes)
    each = range(len(shared))
    joint = information.codes[best] + information.factors - shared[each, best]
    nats = joint - shared[each, best] + shared[each, second]
    shares = 1 - nats / (information.factors + np.log(np.array(information.code_bins)[best]))
    details = {
        "factors": list(information.factor_names),
        "nats": nats.tolist(),
        "shares": shares.tolist(),
        "best_codes": [information.code_names[code] for code in best],
        "constant_factors": list(information.constant),
    }
    return {
        "": Score(float(np.clip(shares.mean(), 0, 1)), details=details),
        "nats": Score(float(max(nats.mean(), 0)), unit="nats", better="lower", bounds=(0, None)),
    }
