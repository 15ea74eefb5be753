"""Agreement of categories and classes, from contingency tables: matchings, NMI and its two halves, the Rand index.

A table has one row per category and one column per class; functions of tables `(..., r, c)` take many at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from disentangle_bench.metrics.information.entropies import entropy, mutual_information

UNMATCHED = -1


def one_to_one(table: ArrayLike) -> NDArray[np.int64]:
    """Return the class `(r,)` of each category under the one-to-one matching with the most samples (Kuhn 1955).

    Categories and classes without samples stay `UNMATCHED`, and so do pairs without a common sample.
    """
    counts = np.asarray(table)
    rows, columns = np.flatnonzero(counts.sum(axis=1)), np.flatnonzero(counts.sum(axis=0))
    chosen_rows, chosen_columns = linear_sum_assignment(counts[np.ix_(rows, columns)], maximize=True)
    matched_rows, matched_columns = rows[chosen_rows], columns[chosen_columns]
    supported = counts[matched_rows, matched_columns] > 0
    matching = np.full(len(counts), UNMATCHED)
    matching[matched_rows[supported]] = matched_columns[supported]
    return matching


def many_to_one(table: ArrayLike) -> NDArray[np.int64]:
    """Return the most frequent class `(r,)` of each category, `UNMATCHED` if it has no samples; classes may repeat."""
    counts = np.asarray(table)
    return np.where(counts.sum(axis=1) > 0, counts.argmax(axis=1), UNMATCHED)


def matched_share(tables: ArrayLike, matching: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of samples in tables `(..., r, c)` whose class is that of their category in `matching (r,)`."""
    counts = np.asarray(tables)
    rows = np.flatnonzero(matching != UNMATCHED)
    hits = counts[..., rows, matching[rows]].sum(axis=-1)
    share: NDArray[np.float64] = hits / counts.sum(axis=(-2, -1))
    return share


def normalized_mutual_information(tables: ArrayLike) -> NDArray[np.float64]:
    """Normalized mutual information `2 I(category; class) / (H(category) + H(class))` of tables `(..., r, c)`.

    It is in [0, 1], and 1 where each side has one value only.
    """
    counts = np.asarray(tables)
    mean_entropy = (entropy(counts.sum(axis=-1)) + entropy(counts.sum(axis=-2))) / 2
    return _known_share(mutual_information(counts), mean_entropy)


def homogeneity(tables: ArrayLike) -> NDArray[np.float64]:
    """Homogeneity `1 - H(class given category) / H(class)` of tables `(..., r, c)`, in [0, 1].

    It is 1 where each category holds samples of one class only (Rosenberg and Hirschberg 2007).
    """
    counts = np.asarray(tables)
    return _known_share(mutual_information(counts), entropy(counts.sum(axis=-2)))


def completeness(tables: ArrayLike) -> NDArray[np.float64]:
    """Completeness `1 - H(category given class) / H(category)` of tables `(..., r, c)`, in [0, 1].

    It is 1 where all samples of each class are in one category (Rosenberg and Hirschberg 2007).
    """
    counts = np.asarray(tables)
    return _known_share(mutual_information(counts), entropy(counts.sum(axis=-1)))


def adjusted_rand_index(tables: ArrayLike) -> NDArray[np.float64]:
    """Adjusted Rand index of tables `(..., r, c)`, in [-0.5, 1]; 0 is chance (Hubert and Arabie 1985)."""
    counts = np.asarray(tables, dtype=np.float64)
    together = _pairs(counts).sum(axis=(-2, -1))
    in_rows, in_columns = _pairs(counts.sum(axis=-1)).sum(axis=-1), _pairs(counts.sum(axis=-2)).sum(axis=-1)
    by_chance = in_rows * in_columns / np.maximum(_pairs(counts.sum(axis=(-2, -1))), 1)
    most = (in_rows + in_columns) / 2
    adjusted = np.divide(together - by_chance, most - by_chance, out=np.ones_like(most), where=most > by_chance)
    return np.asarray(adjusted)


def _known_share(information: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.minimum(np.divide(information, of, out=np.ones_like(of), where=of > 0), 1))


def _pairs(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return counts * (counts - 1) / 2
