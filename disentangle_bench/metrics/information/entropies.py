"""Entropy and mutual information from samples, in nats: contingency tables and nearest neighbours."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from scipy.special import digamma, xlogy

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.information.bins import bins_of
from disentangle_bench.representation.variables import Variables

Correction = Literal["plug-in", "miller-madow"]
"""How an entropy treats counts: as they are, or with Miller's (1955) first-order bias added back."""

_TIE_BREAK = 1e-10  # of one standard deviation; arXiv:cond-mat/0305641 advises noise of this size


def contingency_table(rows: ArrayLike, columns: ArrayLike) -> NDArray[np.int64]:
    """How often each value of `rows (n,)` meets each value of `columns (n,)`; values of any type, sorted.

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
    """The contingency table of category indices `(n,)` from 0, of a given shape if some may not occur."""
    height, width = shape or (_span(rows), _span(columns))
    return np.bincount(rows * width + columns, minlength=height * width).reshape(height, width)


def entropy(counts: ArrayLike, *, correction: Correction = "plug-in") -> NDArray[np.float64]:
    """`H`, in nats, of counts `(..., k)` along the last axis; the empty distribution has 0.

    Args:
        counts: how often each value occurs.
        correction: Miller-Madow adds `(m - 1) / 2n` for the `m` values that occur among `n` samples.
    """
    if correction not in get_args(Correction):
        raise MetricError(
            f"{correction!r} is no bias correction of an entropy.", f"Use one of {', '.join(get_args(Correction))}."
        )
    counts = np.asarray(counts, dtype=np.float64)
    total = np.maximum(counts.sum(axis=-1), 1)
    plug_in = np.log(total) - xlogy(counts, counts).sum(axis=-1) / total
    if correction == "plug-in":
        return np.asarray(np.maximum(plug_in, 0))
    occurring = np.maximum((counts > 0).sum(axis=-1), 1)
    return np.asarray(np.maximum(plug_in, 0) + (occurring - 1) / (2 * total))


def conditional_entropy(tables: ArrayLike, *, correction: Correction = "plug-in") -> NDArray[np.float64]:
    """`H(row given column)`, in nats, of contingency tables `(..., r, c)`; never below 0."""
    tables = np.asarray(tables)
    joint = entropy(_flat(tables), correction=correction)
    return np.asarray(np.maximum(joint - entropy(tables.sum(axis=-2), correction=correction), 0))


def mutual_information(tables: ArrayLike, *, correction: Correction = "plug-in") -> NDArray[np.float64]:
    """`I(row; column)`, in nats, of contingency tables `(..., r, c)`.

    The plug-in figure is never below 0 and on average too high by about `(r - 1)(c - 1) / 2n`; with the correction it
    is close to unbiased, and so a little below 0 for some independent samples.
    """
    tables = np.asarray(tables)
    marginals = entropy(tables.sum(axis=-1), correction=correction) + entropy(
        tables.sum(axis=-2), correction=correction
    )
    information = marginals - entropy(_flat(tables), correction=correction)
    return np.asarray(np.maximum(information, 0) if correction == "plug-in" else information)


def pointwise_information(table: ArrayLike) -> NDArray[np.float64]:
    """`ln p(a, b) / p(a) p(b)` of each cell of a table `(r, c)`; its mean over the samples is the plug-in figure."""
    counts = np.asarray(table, dtype=np.float64)
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / max(counts.sum(), 1)
    ratio = np.divide(counts, expected, out=np.ones_like(counts), where=counts > 0)
    return np.asarray(np.log(ratio))


def ksg_mutual_information(x: ArrayLike, y: ArrayLike, *, neighbors: int = 3, seed: int = 0) -> float:
    """`I(x; y)`, in nats, of continuous variables by their k nearest neighbours (arXiv:cond-mat/0305641, eq. 8).

    Args:
        x: `(n,)` or `(n, d)` samples; each column is scaled to unit variance first.
        y: as many samples, of any width.
        neighbors: k; few neighbours mean little bias and much variance.
        seed: of the noise of 1e-10 that breaks ties.

    Raises:
        MetricError: different lengths, or not more samples than neighbours.
    """
    return float(ksg_contributions(x, y, neighbors=neighbors, seed=seed).mean())


def ksg_contributions(x: ArrayLike, y: ArrayLike, *, neighbors: int = 3, seed: int = 0) -> NDArray[np.float64]:
    """The terms `(n,)` whose mean is `ksg_mutual_information`: `psi(k) - psi(n_x + 1) - psi(n_y + 1) + psi(n)`."""
    rng = np.random.default_rng(seed)
    columns = [_scaled_columns(values, rng) for values in (x, y)]
    samples = len(columns[0])
    if samples != len(columns[1]) or not 1 <= neighbors < samples:
        raise MetricError(
            f"{neighbors} nearest neighbours among {samples} values of x and {len(columns[1])} of y.",
            "Give one pair per sample and more samples than neighbours.",
        )
    joint = np.concatenate(columns, axis=1)
    distance = np.asarray(cKDTree(joint).query(joint, k=[neighbors + 1], p=np.inf)[0])
    closer = np.nextafter(distance[:, 0], 0)  # eq. 8 counts points strictly closer than the k-th neighbour
    inside_x, inside_y = (
        cKDTree(part).query_ball_point(part, closer, p=np.inf, return_length=True) for part in columns
    )  # each counts the point itself: n_x + 1 and n_y + 1
    terms: NDArray[np.float64] = digamma(neighbors) + digamma(samples) - digamma(inside_x) - digamma(inside_y)
    return terms


def ross_mutual_information(x: ArrayLike, labels: ArrayLike, *, neighbors: int = 3, seed: int = 0) -> float:
    """`I(x; label)`, in nats, of a continuous variable and a class, by k nearest neighbours (Ross 2014, eq. 2).

    Samples whose label occurs once tell nothing and are left out; a class of k samples or fewer takes all of them.

    Args:
        x: `(n,)` or `(n, d)` samples; each column is scaled to unit variance first.
        labels: `(n,)` classes, of any type.
        neighbors: k; few neighbours mean little bias and much variance.
        seed: of the noise of 1e-10 that breaks ties.

    Raises:
        MetricError: different lengths, no neighbours, or no label that occurs twice.
    """
    columns, index = _scaled_columns(x, np.random.default_rng(seed)), _category_index(labels)
    if len(columns) != len(index) or neighbors < 1:
        raise MetricError(
            f"{neighbors} nearest neighbours among {len(columns)} values and {len(index)} labels.",
            "Give one pair per sample and one neighbour or more.",
        )
    sizes = np.bincount(index)[index]
    columns, index, sizes = columns[sizes > 1], index[sizes > 1], sizes[sizes > 1]
    if not len(index):
        raise MetricError("No label occurs twice.", "Give several samples of a class.")
    taken, closer = np.minimum(neighbors, sizes - 1), np.empty(len(index))
    for label in np.unique(index):
        same = index == label
        distance = np.asarray(cKDTree(columns[same]).query(columns[same], k=[taken[same][0] + 1], p=np.inf)[0])
        closer[same] = np.nextafter(distance[:, 0], 0)
    inside = cKDTree(columns).query_ball_point(columns, closer, p=np.inf, return_length=True)
    return float(digamma(len(index)) + np.mean(digamma(taken) - digamma(sizes) - digamma(inside)))


def mutual_information_matrix(
    codes: ArrayLike | Variables, factors: ArrayLike | Variables, num_bins: int = 20
) -> NDArray[np.float64]:
    """`I(code; factor)`, in nats, for each pair `(d, k)`: plug-in, continuous variables in equal-width bins.

    As disentanglement_lib computes it for MIG and modularity (arXiv:1811.12359, appendix C).
    """
    code_index = discretize(codes, num_bins)
    factor_index = discretize(factors, num_bins)
    table = np.empty((code_index.shape[1], factor_index.shape[1]))
    for i, code in enumerate(code_index.T):
        for j, factor in enumerate(factor_index.T):
            table[i, j] = mutual_information(contingency_table(code, factor))
    return table


def discrete_entropies(variables: ArrayLike | Variables, num_bins: int = 20) -> NDArray[np.float64]:
    """`H`, in nats, of each variable `(d,)`: plug-in, continuous variables in equal-width bins."""
    return np.array([float(entropy(np.bincount(column))) for column in discretize(variables, num_bins).T])


def discretize(variables: ArrayLike | Variables, num_bins: int = 20) -> NDArray[np.int64]:
    """Category indices `(n, d)`: equal-width bins of continuous variables and of angles, the values of all others.

    Raises:
        MetricError: fewer than 2 bins.
    """
    wrapped = Variables.wrap(variables)
    bins = bins_of(wrapped, num_bins)
    return np.stack([own.index(column) for own, column in zip(bins, wrapped.values.T, strict=True)], axis=1)


def _category_index(values: ArrayLike) -> NDArray[np.int64]:
    return np.unique(np.asarray(values), return_inverse=True)[1].astype(np.int64)


def _scaled_columns(values: ArrayLike, rng: np.random.Generator) -> NDArray[np.float64]:
    columns = np.array(values, dtype=np.float64)
    columns = columns[:, None] if columns.ndim == 1 else columns
    deviation = columns.std(axis=0)
    columns = (columns - columns.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    return np.asarray(columns + _TIE_BREAK * rng.standard_normal(columns.shape))


def _flat(tables: NDArray[Any]) -> NDArray[Any]:
    return tables.reshape(*tables.shape[:-2], -1)


def _span(index: NDArray[np.int64]) -> int:
    return int(index.max()) + 1 if len(index) else 0
