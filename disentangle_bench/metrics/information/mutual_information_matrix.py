"""What every code knows of every factor."""

from __future__ import annotations

from disentangle_bench.metrics.information.contingency import Contingency
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric


@metric(
    "mutual-information-matrix",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1811.12359, appendix C",
    default=False,
)
def mutual_information_matrix(codes: Codes, factors: Factors, *, num_bins: int = 20) -> dict[str, Score]:
    """How much the best code knows of each factor, as a share of its entropy, and the matrix of all pairs.

    The headline is the mean over factors of `I(c_best; v) / H(v)`: what `mig` begins from before it takes the second
    best code away. The matrix tells which code knows what; it is the first thing to look at when a gap is small.

    Args:
        codes: `(n, d)`; continuous ones and angles are cut into equal-width bins, categories count as they are.
        factors: `(n, k)`; likewise. Those that never change are left out.
        num_bins: bins of each continuous variable.

    Returns:
        The headline in [0, 1], and `nats`, the same without the division. In the headline's details the matrix
        `(d, k)` in nats and as shares of the factors' entropies, and all entropies in nats.

    Raises:
        DbenchError: arrays that do not fit together, NaN, fewer than 4 samples or 2 bins.
    """
    return from_counts(Contingency.of(codes, factors, num_bins))


def from_counts(counts: Contingency) -> dict[str, Score]:
    """The matrix of samples that have been counted."""
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
