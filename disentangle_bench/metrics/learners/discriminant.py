"""Linear discriminant analysis in closed form: probabilities of classes whose logarithms are linear in the columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def class_probabilities(
    columns: Floats, labels: Indices, samples: Floats, widths: Iterable[int], *, ridge: float
) -> Iterator[Floats]:
    """Fit the classes to the first columns, and give what is predicted of other samples.

        p(class given x)  proportional to  p(class) exp(μ' Σ⁻¹ x - μ' Σ⁻¹ μ / 2)

    μ is the mean of the class and Σ the common covariance about these means, with a ridge. Unlike a least-squares fit
    of indicators, lines of such logarithms tell any number of classes apart that follow each other on one column.

    Args:
        columns: `(n, p)` with means near 0.
        labels: `(n,)` class indices from 0; one that does not occur has the probability 0.
        samples: `(m, p)` to be predicted.
        widths: how many of the columns to use, one fit for each.
        ridge: added to the squares of every column, as that of ridge regression.

    Yields:
        `(m, classes)` probabilities, for each width.
    """
    belongs = np.asarray(labels[:, None] == np.arange(labels.max() + 1), dtype=np.float64)
    sizes = belongs.sum(axis=0)
    means = belongs.T @ columns / np.maximum(sizes, 1)[:, None]
    within = columns.T @ columns - (means.T * sizes) @ means
    with np.errstate(divide="ignore"):
        shares = np.log(sizes / len(labels))
    for width in widths:
        spread = (within[:width, :width] + ridge * np.eye(width)) / len(labels)
        slopes = np.linalg.solve(spread, means[:, :width].T)
        offsets = shares - (means[:, :width] * slopes.T).sum(axis=1) / 2
        yield np.asarray(softmax(samples[:, :width] @ slopes + offsets, axis=1))
