"""Mutual Information Gap (MIG): is each factor held by one code?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.metrics.information.contingency import Contingency, Information, best_and_second
from disentangle_bench.metrics.information.counted import score_counts
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric

ONE_CODE = "a gap needs two codes; there is one"


@metric(
    "mig",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1802.04942, eq. 6; bins of arXiv:1811.12359",
    factorwise=("",),
    groups=True,
    seconds=0.003,
    grows_with=("rows", "codes", "values"),
)
def mutual_information_gap(codes: Codes, factors: Factors, *, num_bins: int = 20) -> Score:
    """Mutual Information Gap (MIG): high when each factor's information sits in one code and in no other.

    The gap between the most informative code of a factor and the runner-up, as a share of the factor's entropy, is
    averaged over the factors. Information is counted in bins, as disentanglement_lib does; `mig/chen` is the paper's
    own estimator.

        MIG = 1/k Σ_j [I(c_best; v_j) - I(c_second; v_j)] / H(v_j)

    Does not see: a code that holds several factors, which `mig-sup` punishes; nor how a factor is read from its code.

    Args:
        codes: `(n, d)`; continuous and cyclic codes are cut into equal-width bins, other kinds count value by value.
        factors: `(n, k)`; likewise. Factors that never change are left out.
        num_bins: bins of each continuous variable.

    Returns:
        The mean gap, a share of entropy in [0, 1]; undefined for a single code. Its details hold the gap of each factor
        and the names of its best and second-best code.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples or fewer than 2 bins.

    References:
        Chen et al. (2018), arXiv:1802.04942, eq. 6; bins as in Locatello et al. (2018), arXiv:1811.12359.

    Example:
        The first code is the first factor, the second factor is in no code: a gap of 1 and a gap of 0.

        >>> from disentangle_bench.metrics import mutual_information_gap
        >>> factors = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> mutual_information_gap([[0, 0], [0, 0], [1, 0], [1, 0]], factors).value
        0.5
    """
    return score_counts(from_counts, codes, factors, num_bins)


def from_counts(counts: Contingency) -> Score:
    """Compute MIG from counts."""
    return gap_score(counts.information())


def gap_score(information: Information) -> Score:
    """Average the gap between the best and the second-best code over the factors."""
    if information.reason or len(information.code_names) < 2:
        return Score.undefined(information.reason or ONE_CODE)
    shares = information.normalized.T
    gaps = gaps_of(shares, information.code_names, information.factor_names, information.constant)
    return Score(float(np.mean(gaps["gaps"])), details=gaps)


def gaps_of(
    shares: NDArray[np.float64], codes: Sequence[str], factors: Sequence[str], constant: Sequence[str]
) -> dict[str, Any]:
    """Compute the gap of each factor.

    Args:
        shares: `(k, d)` information of each factor and code as a share of the factor's entropy.
        codes: names of the codes.
        factors: names of the factors.
        constant: names of the factors that were left out.

    Returns:
        The gap of each factor and the codes between which it lies, as the details of a score.
    """
    best, second = best_and_second(shares)
    each = range(len(shares))
    return {
        "factors": list(factors),
        "gaps": (shares[each, best] - shares[each, second]).tolist(),
        "best_codes": [codes[code] for code in best],
        "second_codes": [codes[code] for code in second],
        "constant_factors": list(constant),
    }
