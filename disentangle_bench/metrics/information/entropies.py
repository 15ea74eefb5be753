"""Entropy and mutual information of samples, in nats, from contingency tables and from nearest neighbors."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from scipy.special import digamma, xlogy

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.encoding import standardized
from disentangle_bench.metrics.information.bins import bins_of
from disentangle_bench.metrics.information.sorted_neighbors import count_within, neighbor_distances
from disentangle_bench.representation.variables import Variables

Correction = Literal["plug-in", "miller-madow"]
"""The plug-in estimate, or the same with Miller's (1955) first-order bias added back."""

_TIE_BREAK = 1e-10  # in standard deviations; arXiv:cond-mat/0305641 advises noise of this size


def contingency_table(rows: ArrayLike, columns: ArrayLike) -> NDArray[np.int64]:
    """Count how often each value of `rows (n,)` meets each value of `columns (n,)`; values of any type, sorted.

    Raises:
        MetricError: the two differ in length.
    """
    row_index = _category_index(rows)
    column_index = _category_index(columns)
    if len(row_index) != len(column_index):
        raise MetricError(
            f"A contingency table of {len(row_index)} and {len(column_index)} values.", "Give one pair per sample."
        )
    return count_pairs(row_index, column_index)


def count_pairs(
    rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int] | None = None
) -> NDArray[np.int64]:
    """Return the contingency table of category indices `(n,)` from 0; give its shape if some may not occur."""
    height, width = shape or (int(rows.max(initial=-1)) + 1, int(columns.max(initial=-1)) + 1)
    return np.bincount(rows * width + columns, minlength=height * width).reshape(height, width)


def entropy(counts: ArrayLike, *, correction: Correction = "plug-in") -> NDArray[np.float64]:
    """Entropy `H` of counts, in nats.

        H = -Σ_i p_i ln p_i     with p_i = n_i / n

    Args:
        counts: `(..., k)` how often each value occurs.
        correction: "miller-madow" adds `(m - 1) / 2n` for the `m` values that occur among `n` samples.

    Returns:
        `(...)` nats; 0 where no sample was counted.

    Raises:
        MetricError: the correction is unknown.

    Example:
        >>> float(entropy([8, 8, 8, 8]).round(4))  # ln 4
        1.3863
    """
    if correction not in get_args(Correction):
        raise MetricError(
            f"{correction!r} is not a bias correction of an entropy.", f"Use one of {', '.join(get_args(Correction))}."
        )
    counts = np.asarray(counts, dtype=np.float64)
    total = np.maximum(counts.sum(axis=-1), 1)
    plug_in = np.log(total) - xlogy(counts, counts).sum(axis=-1) / total
    if correction == "plug-in":
        return np.asarray(np.maximum(plug_in, 0))
    occurring = np.maximum((counts > 0).sum(axis=-1), 1)
    return np.asarray(np.maximum(plug_in, 0) + (occurring - 1) / (2 * total))


def conditional_entropy(tables: ArrayLike, *, correction: Correction = "plug-in") -> NDArray[np.float64]:
    """Conditional entropy `H(row given column)` of contingency tables `(..., r, c)`: `(...)` nats, 0 or more."""
    tables = np.asarray(tables)
    joint = entropy(_flat(tables), correction=correction)
    return np.asarray(np.maximum(joint - entropy(tables.sum(axis=-2), correction=correction), 0))


def mutual_information(tables: ArrayLike, *, correction: Correction = "plug-in") -> NDArray[np.float64]:
    """Mutual information `I(row; column)` of contingency tables, in nats.

        I = H(row) + H(column) - H(row, column)

    The plug-in estimate is 0 or more and too high by about `(r - 1)(c - 1) / 2n` on average. With the correction it is
    close to unbiased, and so a little below 0 for some independent samples.

    Args:
        tables: `(..., r, c)` counts.
        correction: see `entropy`.

    Returns:
        `(...)` nats.

    Example:
        >>> float(mutual_information([[5, 0], [0, 5]]).round(4))  # one value gives the other away: ln 2
        0.6931
    """
    tables = np.asarray(tables)
    marginals = entropy(tables.sum(axis=-1), correction=correction) + entropy(
        tables.sum(axis=-2), correction=correction
    )
    information = marginals - entropy(_flat(tables), correction=correction)
    return np.asarray(np.maximum(information, 0) if correction == "plug-in" else information)


def ksg_mutual_information(x: ArrayLike, y: ArrayLike, *, neighbors: int = 3, seed: int = 0) -> float:
    """Mutual information `I(x; y)` of continuous variables from k nearest neighbors (Kraskov et al.), in nats.

        I = psi(k) + psi(n) - mean_i [psi(n_x(i) + 1) + psi(n_y(i) + 1)]

    Args:
        x: `(n,)` or `(n, d)` samples; each column is scaled to unit variance first.
        y: `(n,)` or `(n, e)` samples, likewise.
        neighbors: the k of the estimator; few neighbors mean little bias and much variance.
        seed: seed of the noise of 1e-10 that breaks ties.

    Returns:
        The estimate in nats, which may be a little below 0.

    Raises:
        MetricError: the two differ in length, or there are not more samples than neighbors.

    References:
        Kraskov, Stögbauer and Grassberger (2004), arXiv:cond-mat/0305641, eq. 8.
    """
    rng = np.random.default_rng(seed)
    columns = [_scaled_columns(values, rng) for values in (x, y)]
    samples = len(columns[0])
    if samples != len(columns[1]) or not 1 <= neighbors < samples:
        raise MetricError(
            f"{neighbors} nearest neighbors among {samples} values of x and {len(columns[1])} of y.",
            "Give one pair per sample and more samples than neighbors.",
        )
    joint = np.concatenate(columns, axis=1)
    distance = np.asarray(cKDTree(joint).query(joint, k=[neighbors + 1], p=np.inf)[0])
    closer = np.nextafter(distance[:, 0], 0)  # eq. 8 counts points strictly closer than the k-th neighbor
    inside_x, inside_y = (
        cKDTree(part).query_ball_point(part, closer, p=np.inf, return_length=True) for part in columns
    )  # each counts the point itself: n_x + 1 and n_y + 1
    return float((digamma(neighbors) + digamma(samples) - digamma(inside_x) - digamma(inside_y)).mean())


def ross_mutual_information(x: ArrayLike, labels: ArrayLike, *, neighbors: int = 3, seed: int = 0) -> float:
    """Mutual information `I(x; label)` of a continuous variable and a class from k nearest neighbors, in nats.

        I = psi(n) + mean_i [psi(k_i) - psi(n_label(i)) - psi(m_i)]

    Samples whose label occurs once are left out; in a class of k samples or fewer all others are neighbors.

    Args:
        x: `(n,)` or `(n, d)` samples; each column is scaled to unit variance first.
        labels: `(n,)` classes, of any type.
        neighbors: the k of the estimator; few neighbors mean little bias and much variance.
        seed: seed of the noise of 1e-10 that breaks ties.

    Returns:
        The estimate in nats, which may be a little below 0.

    Raises:
        MetricError: the two differ in length, there are no neighbors, or no label occurs twice.

    References:
        Ross (2014), Mutual Information between Discrete and Continuous Data Sets, PLoS ONE 9(2), eq. 2.
    """
    columns, index = _scaled_columns(x, np.random.default_rng(seed)), _category_index(labels)
    if len(columns) != len(index) or neighbors < 1:
        raise MetricError(
            f"{neighbors} nearest neighbors among {len(columns)} values and {len(index)} labels.",
            "Give one pair per sample and one neighbor or more.",
        )
    sizes = np.bincount(index)[index]
    columns, index, sizes = columns[sizes > 1], index[sizes > 1], sizes[sizes > 1]
    if not len(index):
        raise MetricError("No label occurs twice.", "Give several samples of a class.")
    taken = np.minimum(neighbors, sizes - 1)
    if columns.shape[1] == 1:
        column = columns[:, 0]
        inside = count_within(column, np.nextafter(neighbor_distances(column, index, taken), 0))
    else:
        closer = np.empty(len(index))
        for label in np.unique(index):
            same = index == label
            distance = np.asarray(cKDTree(columns[same]).query(columns[same], k=[taken[same][0] + 1], p=np.inf)[0])
            closer[same] = np.nextafter(distance[:, 0], 0)
        inside = cKDTree(columns).query_ball_point(columns, closer, p=np.inf, return_length=True)
    return float(digamma(len(index)) + np.mean(digamma(taken) - digamma(sizes) - digamma(inside)))


def discretize(variables: ArrayLike | Variables, num_bins: int = 20) -> NDArray[np.int64]:
    """Return bin indices `(n, d)`: bins of equal width of continuous variables and angles, values of all others.

    Raises:
        MetricError: `num_bins` is below 2.
    """
    wrapped = Variables.wrap(variables)
    bins = bins_of(wrapped, num_bins)
    return np.stack([own.digitize(column) for own, column in zip(bins, wrapped.values.T, strict=True)], axis=1)


def _category_index(values: ArrayLike) -> NDArray[np.int64]:
    return np.unique(np.asarray(values), return_inverse=True)[1].astype(np.int64)


def _scaled_columns(values: ArrayLike, rng: np.random.Generator) -> NDArray[np.float64]:
    columns = np.array(values, dtype=np.float64)
    columns = standardized(columns[:, None] if columns.ndim == 1 else columns)
    return np.asarray(columns + _TIE_BREAK * rng.standard_normal(columns.shape))


def _flat(tables: NDArray[Any]) -> NDArray[Any]:
    return tables.reshape(*tables.shape[:-2], -1)
