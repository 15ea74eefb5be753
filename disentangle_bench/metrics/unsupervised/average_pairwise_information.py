"""The mutual information of the codes with each other, averaged over pairs."""

from __future__ import annotations

import numpy as np

from disentangle_bench.metrics.information.entropies import count_pairs, discretize, mutual_information
from disentangle_bench.metrics.metric import Codes, Score, metric
from disentangle_bench.representation import Representation


@metric(
    "average-pairwise-information",
    version=1,
    bounds=(0, None),
    better="lower",
    unit="nats",
    source="arXiv:1811.12359, section 5.2",
    seconds=0.01,
    grows_with=("rows", "codes", "codes"),
)
def average_pairwise_information(codes: Codes, *, num_bins: int = 20) -> Score:
    """Mutual information score of the codes: high when codes share information with each other, in nats.

    The mutual information of two codes, averaged over all pairs. It is counted in bins, so it sees dependence of any
    form.

        MI = 1/(d (d - 1)) Σ_{i ≠ j} I(c_i; c_j)

    Does not see: dependence among three codes or more that no pair shows; nor whether the codes hold anything of the
    data. A constant code shares nothing and lowers the mean.

    Args:
        codes: `(n, d)`, d of 2 or more. Continuous ones are cut into equal-width bins, codes of other kinds count value
            by value, and a categorical code is one code.
        num_bins: bins of a continuous code.

    Returns:
        The mean over pairs, in nats; 0 at best. The counts of n samples add about `(b - 1)^2 / 2n` for two independent
        codes of b bins. Its details hold the matrix `(d, d)`, with the codes' entropies on its diagonal.

    Raises:
        DbenchError: NaN or infinite values, or fewer than 2 bins.

    References:
        Locatello et al. (2018), arXiv:1811.12359, section 5.2.

    Example:
        The first two codes are equal and share ln 2 = 0.693 nats; the third shares nothing: ln 2 / 3.

        >>> from disentangle_bench.metrics import average_pairwise_information
        >>> round(average_pairwise_information([[0, 0, 0], [0, 0, 1], [1, 1, 0], [1, 1, 1]]).value, 3)
        0.231
    """
    wrapped = Representation.of(codes).codes
    if len(wrapped.names) < 2:
        return Score.undefined("there is only one code")
    bins = discretize(wrapped, num_bins).T
    matrix = np.array([[float(mutual_information(count_pairs(a, b))) for b in bins] for a in bins])
    apart = ~np.eye(len(matrix), dtype=bool)
    details = {"codes": list(wrapped.names), "matrix": matrix.tolist()}
    return Score(float(matrix[apart].mean()), ceiling=0.0, details=details)
