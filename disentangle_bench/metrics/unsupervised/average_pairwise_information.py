"""Mutual information of the codes with each other."""

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
)
def average_pairwise_information(codes: Codes, *, num_bins: int = 20) -> Score:
    """How much codes tell of each other, in nats: the mutual information of two codes, averaged over all pairs.

    Plug-in, from counts: continuous codes in equal-width bins, codes of other kinds by their values, a categorical
    code as one. The plug-in figure of two independent codes of 20 bins is about `19^2 / 2n`, not 0. The matrix in the
    details has the codes' entropies on its diagonal. A constant code tells nothing and lowers the mean.

    Args:
        codes: `(n, d)`, 2 or more.
        num_bins: of a continuous code.
    """
    wrapped = Representation.of(codes).codes
    if len(wrapped.names) < 2:
        return Score.undefined("there is only one code")
    bins = discretize(wrapped, num_bins).T
    matrix = np.array([[float(mutual_information(count_pairs(a, b))) for b in bins] for a in bins])
    apart = ~np.eye(len(matrix), dtype=bool)
    details = {"codes": list(wrapped.names), "matrix": matrix.tolist()}
    return Score(float(matrix[apart].mean()), ceiling=0.0, details=details)
