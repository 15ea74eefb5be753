"""Mutual information of each pair and entropy of each variable, in nats, by scikit-learn and NumPy's own bins."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import mutual_info_score

from disentangle_bench.representation.variables import Variables


def binned(variables: Any, num_bins: int = 20) -> NDArray[np.int64]:
    """Bin indices `(n, d)`; angles that are whole numbers count as categories."""
    wrapped = Variables.wrap(variables)
    columns = []
    for kind, values in zip(wrapped.kinds, wrapped.values.T, strict=True):
        if kind == "continuous" or (kind == "cyclic" and (values != np.round(values)).any()):
            columns.append(np.digitize(values, np.histogram_bin_edges(values, num_bins)[:-1]) - 1)
        else:
            columns.append(np.unique(values, return_inverse=True)[1])
    return np.stack(columns, axis=1)


def pairwise_information(codes: Any, factors: Any, num_bins: int = 20) -> NDArray[np.float64]:
    """The plug-in mutual information `(d, k)` of each code and each factor."""
    rows, columns = binned(codes, num_bins).T, binned(factors, num_bins).T
    return np.array([[mutual_info_score(code, factor) for factor in columns] for code in rows])


def entropies(variables: Any, num_bins: int = 20) -> NDArray[np.float64]:
    """The plug-in entropy `(d,)` of each variable."""
    return np.array([stats.entropy(np.bincount(column)) for column in binned(variables, num_bins).T])
