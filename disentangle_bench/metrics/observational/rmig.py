"""The robust mutual information gap: MIG with bins that do not hang on the two most extreme values."""

from __future__ import annotations

from disentangle_bench.metrics.metric import Codes, Factors, Score, metric
from disentangle_bench.metrics.observational.mig import gap_score
from disentangle_bench.metrics.pair_counts import Layout, PairCounts

REACH = 4.0
"""Standard deviations to either side of the mean. The authors' programs cut [-4, 4], for codes of unit variance."""


@metric("rmig", version=1, bounds=(0, 1), better="higher", source="arXiv:1908.09961, section 4.3")
def robust_mutual_information_gap(
    codes: Codes, factors: Factors, *, num_bins: int = 100, factor_bins: int = 20
) -> Score:
    """How much more the best code knows of each factor than the second best, in fine bins around each code's mean.

    The paper quantises `q(c given x)` and sums over the images of each factor value, where `mig/chen` samples. Of codes
    alone, `q` is the value itself, and what remains is the gap of `mig` in other bins: 100 that cover four standard
    deviations to either side of the mean, so that a stray value does not widen all of them; what lies beyond counts to
    the outermost. `rmig/posterior` quantises the posterior.

    Many bins want many samples: of few, pairs share information by chance, which lowers the gap. The chance level and
    the ceiling say by how much. The paper has 737,280 images.

    Args:
        codes: `(n, d)`; categories count as they are.
        factors: `(n, k)`; those that never change are left out.
        num_bins: bins of each continuous code.
        factor_bins: equal-width bins, from least to greatest, of each continuous factor.

    Returns:
        The mean gap in [0, 1]; undefined for a single code. In its details the gap of each factor and the two codes.

    Raises:
        DbenchError: arrays that do not fit together, NaN, fewer than 4 samples or 2 bins.
    """
    return from_counts(PairCounts.of(codes, factors, layout=Layout(num_bins, factor_bins, REACH)))


def from_counts(counts: PairCounts) -> Score:
    """The gap of samples that have been counted in such bins."""
    return gap_score(counts.information())
