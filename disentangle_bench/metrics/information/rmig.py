"""Robust Mutual Information Gap (RMIG): MIG in bins that do not depend on the two most extreme values."""

from __future__ import annotations

import numpy as np

from disentangle_bench.metrics.information.bins import Bins, bins_of
from disentangle_bench.metrics.information.contingency import Binning, Contingency
from disentangle_bench.metrics.information.counted import score_counts
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
    factorwise=("",),
    groups=True,
)
def robust_mutual_information_gap(
    codes: Codes, factors: Factors, *, num_bins: int = 100, factor_bins: int = 20
) -> Score:
    """Robust Mutual Information Gap (RMIG): high when each factor's information sits in one code and in no other.

    The gap of `mig` in 100 bins that cover four standard deviations on either side of each code's mean, so that an
    outlier does not widen all bins; values beyond fall into the outermost bins. The paper bins the posteriors, as
    `rmig/posterior` does; where only codes are known, each posterior is the value itself.

        RMIG = 1/k Σ_j [I(c_best; v_j) - I(c_second; v_j)] / H(v_j)

    Does not see: a code that holds several factors. Many bins need many samples: with few, all pairs share information
    by chance, which narrows the gap. The chance level and the ceiling show by how much; the paper has 737,280 images.

    Args:
        codes: `(n, d)`; categorical and ordinal codes count value by value.
        factors: `(n, k)`; factors that never change are left out.
        num_bins: bins of each continuous code.
        factor_bins: bins of each continuous factor, of equal width over its range.

    Returns:
        The mean gap, a share of entropy in [0, 1]; undefined for a single code. Its details hold the gap of each factor
        and the names of its best and second-best code.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples or fewer than 2 bins.

    References:
        Do and Tran (2019), arXiv:1908.09961, section 4.3.

    Example:
        The first code is the factor, the second is independent of it.

        >>> from disentangle_bench.metrics import robust_mutual_information_gap
        >>> robust_mutual_information_gap([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 0, 1, 1]).value
        1.0
    """
    return score_counts(from_counts, codes, factors, binning=Binning(num_bins, factor_bins, REACH))


@metric(
    "rmig/posterior",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1908.09961, section 4.3",
    default=False,
    factorwise=("",),
)
def robust_mutual_information_gap_of_posteriors(
    codes: Codes,
    factors: Factors,
    posterior_parameters: PosteriorParameters,
    *,
    num_bins: int = 100,
    factor_bins: int = 20,
) -> Score:
    """Robust Mutual Information Gap (RMIG) of the posteriors: high when each factor sits in one code and in no other.

    The paper's estimator. `q(c given v)` of each bin is the mean of the posteriors' mass there over the rows with that
    value of the factor; nothing is sampled. The bins cover four standard deviations of the mixture of all posteriors on
    either side of its mean, and lose nothing while they are narrower than a posterior.

        q(c = bin given v) = mean over rows with v of  q(c = bin given x)
        RMIG = 1/k Σ_j [I(c_best; v_j) - I(c_second; v_j)] / H(v_j)

    Does not see: a code that holds several factors. A code with a wide posterior scores low however closely its mean
    follows a factor. The authors' programs use the density at a bin's center times its width instead of the mass.

    Args:
        codes: `(n, d)`; only names and kinds are used.
        factors: `(n, k)`; continuous and cyclic factors are cut into equal-width bins. Factors that never change are
            left out.
        posterior_parameters: code name -> `(n, p)`: the logits of a categorical code, the mean and ln sigma of any
            other.
        num_bins: bins of each continuous code.
        factor_bins: bins of each continuous factor.

    Returns:
        The mean gap, a share of entropy in [0, 1]; undefined for a single code. Its details hold the gap of each factor
        and the names of its best and second-best code.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples or fewer than 2 bins.

    References:
        Do and Tran (2019), arXiv:1908.09961, section 4.3.

    Example:
        The first code is right with probability 0.9, the second is a fair coin: 1 - h(0.1) / ln 2 = 0.531.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import robust_mutual_information_gap_of_posteriors
        >>> factor = [0, 1, 0, 1]
        >>> posteriors = {"c1": np.log(9) * np.eye(2)[factor], "c2": np.zeros((4, 2))}
        >>> codes = [[0, 0], [1, 0], [0, 0], [1, 0]]
        >>> round(robust_mutual_information_gap_of_posteriors(codes, factor, posteriors).value, 3)
        0.531
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
    """Compute RMIG from counts in such bins."""
    return gap_score(counts.information())
