"""The mutual information of every code with every factor."""

from __future__ import annotations

from disentangle_bench.metrics.information.contingency import Contingency
from disentangle_bench.metrics.information.counted import score_counts
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric


@metric(
    "mutual-information-matrix",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1811.12359, appendix C",
    default=False,
    factorwise=("", "nats"),
    groups=True,
)
def mutual_information_matrix(codes: Codes, factors: Factors, *, num_bins: int = 20) -> dict[str, Score]:
    """Mutual information matrix: high when each factor is held by at least one code.

    The headline is the average share of a factor's entropy that its best code holds: `mig` before the second-best code
    is subtracted. The matrix in its details shows which code holds which factor; look there first when a gap is small.

        headline = 1/k Σ_j max_i I(c_i; v_j) / H(v_j)

    Does not see: disentanglement. Codes that all hold every factor score 1.

    Args:
        codes: `(n, d)`; continuous and cyclic codes are cut into equal-width bins, other kinds count value by value.
        factors: `(n, k)`; likewise. Factors that never change are left out.
        num_bins: bins of each continuous variable.

    Returns:
        The headline, a share of entropy in [0, 1], and `nats`, the same without the division. The headline's details
        hold the matrix `(d, k)` in nats and as shares, and all entropies in nats.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples or fewer than 2 bins.

    References:
        Locatello et al. (2018), arXiv:1811.12359, appendix C.

    Example:
        The first code is the first of two factors, the second code is constant.

        >>> from disentangle_bench.metrics import mutual_information_matrix
        >>> scores = mutual_information_matrix([[0, 0], [0, 0], [1, 0], [1, 0]], [[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> scores[""].value, scores[""].details["shares"]
        (0.5, [[1.0, 0.0], [0.0, 0.0]])
    """
    return score_counts(from_counts, codes, factors, num_bins)


def from_counts(counts: Contingency) -> dict[str, Score]:
    """Compute the matrix from counts."""
    information = counts.information()
    if information.reason:
        undefined = Score.undefined(information.reason)
        return {"": undefined, "nats": undefined}
    details = {
        "codes": list(information.code_names),
        "factors": list(information.factor_names),
        "nats": information.shared.tolist(),
        "shares": information.normalized.tolist(),
        "code_entropies": information.codes.tolist(),
        "factor_entropies": information.factors.tolist(),
        "constant_factors": list(information.constant),
    }
    return {
        "": Score(float(information.normalized.max(axis=0).mean()), details=details),
        "nats": Score(float(information.shared.max(axis=0).mean()), unit="nats", bounds=(0, None)),
    }
