"""The robust mutual information gap: MIG with bins that do not hang on the two most extreme values."""

from __future__ import annotations

import numpy as np

from disentangle_bench.metrics.information.bins import Bins, bins_of
from disentangle_bench.metrics.information.contingency import Binning, Contingency
from disentangle_bench.metrics.information.mig import gap_score
from disentangle_bench.metrics.information.posteriors import (
    GaussianPosterior,
    PosteriorParameters,
    one_hot,
    posteriors_of,
)
from disentangle_bench.metrics.inputs import paired, require_at_least
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric

REACH = 4.0
"""Standard deviations to either side of the mean. The authors' programs cut [-4, 4], for codes of unit variance."""


@metric(
    "rmig",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1908.09961, section 4.3",
    default=False,
)
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
    return from_counts(Contingency.of(codes, factors, binning=Binning(num_bins, factor_bins, REACH)))


@metric(
    "rmig/posterior",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1908.09961, section 4.3",
    default=False,
)
def robust_mutual_information_gap_of_posteriors(
    codes: Codes,
    factors: Factors,
    posterior_parameters: PosteriorParameters,
    *,
    num_bins: int = 100,
    factor_bins: int = 20,
) -> Score:
    """How much more the best code knows of each factor than the second best, with the posteriors cut into bins.

    The paper's estimator: `q(c given v)` of each bin is the mean, over the rows with that value of the factor, of the
    posterior's mass there. No sampling; as many bins as a posterior is wide blur nothing. The bins cover four standard
    deviations of the mixture of all rows' posteriors, to either side of its mean; the authors' programs take the
    density at a bin's centre times its width in place of the mass.

    Args:
        codes: `(n, d)`; only their names and kinds are used.
        factors: `(n, k)`; continuous ones and angles are cut into bins. Those that never change are left out.
        posterior_parameters: code name -> `(n, p)`: logits of a categorical code, mean and ln sigma of any other.
        num_bins: bins of each continuous code.
        factor_bins: bins of each continuous factor.

    Returns:
        The mean gap in [0, 1]; undefined for a single code. In its details the gap of each factor and the two codes.

    Raises:
        DbenchError: arrays that do not fit together, NaN, fewer than 4 samples or 2 bins.
    """
    require_at_least(2, num_bins=num_bins)
    rows, columns = paired(codes, factors)
    bins = bins_of(columns, factor_bins)
    marks = np.concatenate(
        one_hot([own.digitize(column) for own, column in zip(bins, columns.values.T, strict=True)]), axis=1
    )
    masses, code_bins = [], []
    for name, posterior in zip(rows.names, posteriors_of(rows, posterior_parameters), strict=True):
        if isinstance(posterior, GaussianPosterior):
            edges = posterior.edges(num_bins, REACH)
            masses.append(posterior.masses(edges))
            code_bins.append(Bins(name, edges, equal_width=True))
        else:
            masses.append(posterior.probabilities)
            code_bins.append(Bins.of_values(name, range(posterior.probabilities.shape[1])))
    joint = np.concatenate([mass.T @ marks for mass in masses])
    return from_counts(Contingency(joint, tuple(code_bins), bins))


def from_counts(counts: Contingency) -> Score:
    """The gap of samples that have been counted in such bins."""
    return gap_score(counts.information())
