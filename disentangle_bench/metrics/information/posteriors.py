"""Posteriors of codes, one for each sample, from their parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, softmax

from disentangle_bench.errors import MetricError
from disentangle_bench.representation.variables import Variables

PosteriorParameters = Mapping[str, ArrayLike]
"""Code name -> `(n, p)`: the logits of a categorical code, the mean and ln sigma of any other."""


@dataclass(frozen=True, eq=False)
class CategoricalPosterior:
    """`q(c given x)` of a categorical code: probabilities `(n, k)`."""

    probabilities: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GaussianPosterior:
    """`q(c given x)` as a Gaussian: means `(n,)` and standard deviations `(n,)`."""

    mean: NDArray[np.float64]
    sigma: NDArray[np.float64]

    def edges(self, num_bins: int, reach: float) -> NDArray[np.float64]:
        """Return the edges of equal-width bins over `reach` standard deviations on either side of the mixture's mean.

        The mixture is that of all rows' posteriors.
        """
        center = self.mean.mean()
        deviation = np.sqrt(self.mean.var() + np.square(self.sigma).mean())
        return np.asarray(center + np.linspace(-reach, reach, num_bins + 1) * deviation)

    def masses(self, edges: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability `(n, bins)` of each bin; the outermost bins take the tails."""
        below = ndtr((edges - self.mean[:, None]) / self.sigma[:, None])
        below[:, 0], below[:, -1] = 0, 1
        return np.diff(below, axis=1)


CodePosterior = CategoricalPosterior | GaussianPosterior


def posteriors_of(codes: Variables, parameters: PosteriorParameters) -> list[CodePosterior]:
    """Return the posterior of each code, in order.

    Args:
        codes: `(n, d)`; only names, kinds and the number of rows are used.
        parameters: parameters of each code, by name.

    Raises:
        MetricError: a code has no parameters, or they have another shape or are not finite.
    """
    missing = [name for name in codes.names if name not in parameters]
    if missing:
        raise MetricError(
            f"There are no posterior parameters of {', '.join(missing)}.", f"Give those of {', '.join(codes.names)}."
        )
    arrays = [np.asarray(parameters[name], dtype=np.float64) for name in codes.names]
    for name, kind, array in zip(codes.names, codes.kinds, arrays, strict=True):
        _check(name, kind, array, len(codes))
    return [
        CategoricalPosterior(softmax(array, axis=1))
        if kind == "categorical"
        else GaussianPosterior(array[:, 0], np.exp(array[:, 1]))
        for kind, array in zip(codes.kinds, arrays, strict=True)
    ]


def _check(name: str, kind: str, array: NDArray[np.float64], rows: int) -> None:
    what = "logits of its categories" if kind == "categorical" else "a mean and the logarithm of sigma"
    if array.ndim != 2 or len(array) != rows or array.shape[1] < 2 or (kind != "categorical" and array.shape[1] != 2):
        raise MetricError(
            f"The posterior parameters of the {kind} code {name!r} have the shape {array.shape}.",
            f"Give {what} for each of the {rows} rows.",
        )
    broken = int((~np.isfinite(array)).sum())
    if broken:
        raise MetricError(f"{broken} posterior parameters of {name!r} are NaN or infinite.", "Leave those rows out.")


def one_hot(columns: Sequence[NDArray[np.int64]]) -> list[NDArray[np.float64]]:
    """Return a matrix `(n, m)` of zeros and ones for each column `(n,)` of bin indices."""
    return [np.asarray(column[:, None] == np.arange(column.max() + 1), dtype=np.float64) for column in columns]
