"""Modularity: does each code hold one factor at most?"""

from __future__ import annotations

import numpy as np

from disentangle_bench.metrics.information.contingency import Contingency
from disentangle_bench.metrics.information.counted import score_counts
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric

ONE_FACTOR = "modularity needs two factors that vary; there is one"
NO_CODE = "no code is informative about any factor"


@metric(
    "modularity",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1802.05312, section 3",
    groups=True,
    seconds=0.003,
    grows_with=("rows", "codes", "values"),
)
def modularity(codes: Codes, factors: Factors, *, num_bins: int = 20) -> Score:
    """Modularity: high when each code is informative about one factor and little about any other.

    A code's squared information about all other factors is compared with what it would be if it held each of them as
    well as the best one; the shares are averaged over the codes.

        modularity = 1/d Σ_i [1 - Σ_{j != best} I(c_i; v_j)² / ((k - 1) I(c_i; v_best)²)]

    Does not see: how informative a code is, since only ratios count: noise scores about 0.7, so compare with the chance
    level. Nor a factor that no code or that several codes hold.

    For a code without any information, such as a constant one, the ratio is undefined, and the code is left out.
    disentanglement_lib counts it as 0: its value is this one times the share of codes that are not left out.

    Args:
        codes: `(n, d)`; continuous and cyclic codes are cut into equal-width bins, other kinds count value by value.
        factors: `(n, k)`; likewise. Factors that never change are left out.
        num_bins: bins of each continuous variable.

    Returns:
        The mean, a pure number in [0, 1]; undefined for a single factor. Its details hold the modularity of each code.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples or fewer than 2 bins.

    References:
        Ridgeway and Mozer (2018), arXiv:1802.05312, section 3.

    Example:
        The first code determines both factors, which gives 0; the second code is the first factor, which gives 1.

        >>> from disentangle_bench.metrics import modularity
        >>> modularity([[0, 0], [1, 0], [2, 1], [3, 1]], [[0, 0], [0, 1], [1, 0], [1, 1]]).value
        0.5
    """
    return score_counts(from_counts, codes, factors, num_bins)


def from_counts(counts: Contingency) -> Score:
    """Compute modularity from counts."""
    information = counts.information()
    if information.reason or len(information.factor_names) < 2:
        return Score.undefined(information.reason or ONE_FACTOR)
    informative = information.shared.max(axis=1) > 0
    if not informative.any():
        return Score.undefined(NO_CODE)
    squares = np.square(information.shared[informative])
    greatest = squares.max(axis=1)
    ratios = 1 - (squares.sum(axis=1) - greatest) / (greatest * (squares.shape[1] - 1))
    names = np.array(information.code_names)
    details = {
        "codes": names[informative].tolist(),
        "modularities": ratios.tolist(),
        "best_factors": [information.factor_names[factor] for factor in squares.argmax(axis=1)],
        "codes_left_out": names[~informative].tolist(),
        "constant_factors": list(information.constant),
    }
    return Score(float(ratios.mean()), details=details)
