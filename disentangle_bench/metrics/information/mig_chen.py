"""Mutual Information Gap (MIG) by its paper's estimator: samples of the posteriors, no bins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.metrics.information.entropies import discretize, entropy
from disentangle_bench.metrics.information.mig import ONE_CODE, gaps_of
from disentangle_bench.metrics.information.posteriors import (
    CodePosterior,
    GaussianPosterior,
    PosteriorParameters,
    one_hot,
    posteriors_of,
)
from disentangle_bench.metrics.inputs import Observations, require_at_least
from disentangle_bench.metrics.intervals import bootstrap_interval
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric
from disentangle_bench.seeds import derive_seed

CHUNK = 2**22
"""Number of densities that are computed at a time."""


@metric(
    "mig/chen",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1802.04942, eq. 6 and appendix C",
    default=False,
    factorwise=("",),
)
def sampled_mutual_information_gap(
    codes: Codes,
    factors: Factors,
    posterior_parameters: PosteriorParameters,
    *,
    samples: int = 2_000,
    factor_bins: int = 20,
    bootstrap: int = 200,
    seed: int = 0,
) -> Score:
    """Mutual Information Gap (MIG) of the posteriors: high when each factor's information sits in one code only.

    The paper's own estimator. Values of a code are drawn from the posteriors of randomly chosen rows; `q(c)` is the
    mean posterior of all rows and `q(c given v)` that of the rows with the same value of the factor. No code is binned,
    and the expectation over a categorical code is exact.

        I(c; v) = E[ln q(c given v) - ln q(c)]
        MIG     = 1/k Σ_j [I(c_best; v_j) - I(c_second; v_j)] / H(v_j)

    Does not see: a code that holds several factors. A code with a wide posterior scores low however closely its mean
    follows a factor, since the whole posterior counts.

    Estimates below 0, which sampling may give, count as 0, as in the authors' program. The interval is over the drawn
    rows; chance is measured by shuffling the factors.

    Args:
        codes: `(n, d)`; only names and kinds are used.
        factors: `(n, k)`; continuous and cyclic factors are cut into equal-width bins. Factors that never change are
            left out.
        posterior_parameters: code name -> `(n, p)`: the logits of a categorical code, the mean and ln sigma of any
            other.
        samples: rows drawn; the work grows with this times n.
        factor_bins: bins of each continuous factor.
        bootstrap: resamples for the interval.
        seed: of all draws.

    Returns:
        The mean gap, a share of entropy in [0, 1]; undefined for a single code. Its details hold the gap of each factor
        and the names of its best and second-best code.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a setting below 2.

    References:
        Chen et al. (2018), arXiv:1802.04942, eq. 6 and appendix C.

    Example:
        The first code is right with probability 0.9, the second is a fair coin: 1 - h(0.1) / ln 2 = 0.531.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import sampled_mutual_information_gap
        >>> factor = [0, 1, 0, 1]
        >>> posteriors = {"c1": np.log(9) * np.eye(2)[factor], "c2": np.zeros((4, 2))}
        >>> codes = [[0, 0], [1, 0], [0, 0], [1, 0]]
        >>> round(sampled_mutual_information_gap(codes, factor, posteriors, samples=100).value, 3)
        0.531
    """
    require_at_least(2, samples=samples, bootstrap=bootstrap)
    data = Observations.of(codes, factors, seed=seed)
    posteriors = posteriors_of(data.codes, posterior_parameters)
    if data.reason or len(posteriors) < 2:
        return Score.undefined(data.reason or ONE_CODE)
    rng = np.random.default_rng(derive_seed(seed, "posterior samples"))
    bins = discretize(data.factors, factor_bins).T
    shuffled = [rng.permutation(column) for column in bins]
    rows = np.resize(rng.permutation(len(data)), samples)
    terms = np.stack([_terms(posterior, [*bins, *shuffled], rows, rng) for posterior in posteriors], axis=1)
    entropies = np.array([float(entropy(np.bincount(column))) for column in bins])

    def mean_gap(information: NDArray[np.float64]) -> float:
        ordered = np.sort(_shares(information, entropies), axis=1)
        return float((ordered[:, -1] - ordered[:, -2]).mean())

    means = terms.mean(axis=0)
    gaps = gaps_of(_shares(means[:, : len(bins)], entropies), data.codes.names, data.factors.names, data.constant)
    value = float(np.mean(gaps["gaps"]))
    weights = rng.multinomial(samples, np.full(samples, 1 / samples), size=bootstrap) / samples
    resampled = np.tensordot(weights, terms[:, :, : len(bins)], axes=1)
    low, high = bootstrap_interval(value, list(map(mean_gap, resampled)), (0, 1))
    return Score(value, low, high, mean_gap(means[:, len(bins) :]), ceiling=1.0, details=gaps)


def _shares(information: NDArray[np.float64], entropies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return information `(d, k)` as shares of entropy `(k, d)`, cut to [0, 1]."""
    return np.clip(information / entropies, 0, 1).T


def _terms(
    posterior: CodePosterior, factors: list[NDArray[np.int64]], rows: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return `ln q(c given v) - ln q(c)`, `(s, k)`, for a value of the code drawn for each of the rows `(s,)`."""
    every = one_hot(factors)
    if isinstance(posterior, GaussianPosterior):
        values = posterior.mean[rows] + posterior.sigma[rows] * rng.standard_normal(len(rows))
        step = max(1, CHUNK // len(posterior.mean))
        chunks = [slice(start, start + step) for start in range(0, len(rows), step)]
        return np.concatenate([_gaussian_terms(posterior, values[part], rows[part], factors, every) for part in chunks])
    marginal = posterior.probabilities.mean(axis=0)
    own, columns = posterior.probabilities[rows], []
    for factor, indicator in zip(factors, every, strict=True):
        sizes = np.maximum(indicator.sum(axis=0), 1)  # bins may be empty
        conditional = indicator.T @ posterior.probabilities / sizes[:, None]
        ratio = _log(conditional) - _log(marginal)
        columns.append((own * ratio[factor[rows]]).sum(axis=1))
    return np.stack(columns, axis=1)


def _log(densities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return logarithms that are finite even where a density is too small for a float."""
    return np.asarray(np.log(np.maximum(densities, np.finfo(np.float64).tiny)))


def _gaussian_terms(
    posterior: GaussianPosterior,
    values: NDArray[np.float64],
    rows: NDArray[np.int64],
    factors: list[NDArray[np.int64]],
    every: list[NDArray[np.float64]],
) -> NDArray[np.float64]:
    logs = -0.5 * np.square((values[:, None] - posterior.mean) / posterior.sigma) - np.log(posterior.sigma)
    densities = np.exp(logs - logs.max(axis=1, keepdims=True))
    marginal = densities.mean(axis=1)
    columns = []
    for factor, indicator in zip(factors, every, strict=True):
        own = factor[rows]
        sums = (densities @ indicator)[np.arange(len(rows)), own]
        conditional = sums / indicator.sum(axis=0)[own]
        columns.append(_log(conditional) - _log(marginal))
    return np.stack(columns, axis=1)
