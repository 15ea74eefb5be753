"""The mutual information gap: is each factor in one code?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.metrics.information.contingency import Contingency, Information, best_and_second
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric

ONE_CODE = "a gap needs two codes; there is one"


@metric("mig", version=1, bounds=(0, 1), better="higher", source="arXiv:1802.04942, eq. 6; bins of arXiv:1811.12359")
def mutual_information_gap(codes: Codes, factors: Factors, *, num_bins: int = 20) -> Score:
    """How much more the best code knows of each factor than the second best, as a share of the factor's entropy.

    The mean over factors of `(I(c_best; v) - I(c_second; v)) / H(v)`, from counts, as disentanglement_lib has it;
    `mig/chen` is the paper's own estimator. It does not mind a code that knows several factors: `mig-sup` does.

    Args:
        codes: `(n, d)`; continuous ones and angles are cut into equal-width bins, categories count as they are.
        factors: `(n, k)`; likewise. Those that never change are left out.
        num_bins: bins of each continuous variable.

    Returns:
        The mean gap in [0, 1]; undefined for a single code. In its details the gap of each factor and the two codes.

    Raises:
        DbenchError: arrays that do not fit together, NaN, fewer than 4 samples or 2 bins.
    """
    return from_counts(Contingency.of(codes, factors, num_bins))


def from_counts(counts: Contingency) -> Score:
    """The mutual information gap of samples that have been counted."""
    return gap_score(counts.information())


def gap_score(information: Information) -> Score:
    """The mean gap between the best and the second best code of each factor."""
    if information.reason or len(information.code_names) < 2:
        return Score.undefined(information.reason or ONE_CODE)
    shares = information.normalized.T
    gaps = gaps_of(shares, information.code_names, information.factor_names, information.constant)
    return Score(float(np.mean(gaps["gaps"])), details=gaps)


def gaps_of(
    shares: NDArray[np.float64], codes: Sequence[str], factors: Sequence[str], constant: Sequence[str]
) -> dict[str, Any]:
    """The gap of each factor, and between which codes it is, of shares `(k, d)` of factors that codes know."""
    best, second = best_and_second(shares)
    each = range(len(shares))
    return {
        "factors": list(factors),
        "gaps": (shares[each, best] - shares[each, second]).tolist(),
        "best_codes": [codes[code] for code in best],
        "second_codes": [codes[code] for code in second],
        "constant_factors": list(constant),
    }
