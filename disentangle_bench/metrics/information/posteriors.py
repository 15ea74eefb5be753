"""The posterior of each code for each row, from its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, softmax

from disentangle_bench.errors import MetricError
from disentangle_bench.representation.variables import Variables

PosteriorParameters = Mapping[str, ArrayLike]
"""Code name -> `(n, p)`: logits of a categorical code's k categories; mean and ln sigma of any other code."""


@dataclass(frozen=True, eq=False)
class CategoricalPosterior:
    """`q(c given x)` of categories: probabilities `(n, k)`."""

    probabilities: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GaussianPosterior:
    """`q(c given x)` as a Gaussian: means `(n,)` and standard deviations `(n,)`."""

    mean: NDArray[np.float64]
    sigma: NDArray[np.float64]

    def edges(self, num_bins: int, reach: float) -> NDArray[np.float64]:
        """Of equal-width bins, so many standard deviations of all rows' mixture to either side of its mean."""
        center = self.mean.mean()
        deviation = np.sqrt(self.mean.var() + np.square(self.sigma).mean())
        return np.asarray(center + np.linspace(-reach, reach, num_bins + 1) * deviation)

    def masses(self, edges: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability `(n, bins)` of each bin; what lies beyond counts to the outermost."""
        below = ndtr((edges - self.mean[:, None]) / self.sigma[:, None])
        below[:, 0], below[:, -1] = 0, 1
        return np.diff(below, axis=1)


CodePosterior = CategoricalPosterior | GaussianPosterior


def posteriors_of(codes: Variables, parameters: PosteriorParameters) -> list[CodePosterior]:
    """The posterior of each code, in order.

    Raises:
        MetricError: no parameters for a code, too few of them, of another number of rows, or not all finite.
    """
    missing = [name for name in codes.names if name not in parameters]
    if missing:
        raise MetricError(
            f"There are no posterior parameters of {', '.join(missing)}.", f"Give them for {', '.join(codes.names)}."
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
        raise MetricError(f"{broken} posterior parameters of {name!r} are NaN or infinite.", "Repair those rows.")


def indicators(columns: Sequence[NDArray[np.int64]]) -> list[NDArray[np.float64]]:
    """One matrix `(n, m)` of zeros and ones for each column `(n,)` of cell numbers."""
    return [np.asarray(column[:, None] == np.arange(column.max() + 1), dtype=np.float64) for column in columns]
