"""Interventions on rows of a representation: trials draw a factor to hold fixed, and rows that agree in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.metrics.inputs import Observations
from disentangle_bench.metrics.intervention.ground_truth_index import GroundTruthIndex
from disentangle_bench.metrics.metric import Codes, Factors, Score
from disentangle_bench.metrics.resampling import Resampling, Weights
from disentangle_bench.representation.variables import Variables


class Batches(NamedTuple):
    """The factor held fixed in each trial, `fixed (t,)`, and rows that agree in it, `rows (t, b)`."""

    fixed: NDArray[np.int64]
    rows: NDArray[np.int64]


class Pairs(NamedTuple):
    """The factor held fixed in each trial, `fixed (t,)`, and pairs of rows that agree in it, `first, second (t, b)`."""

    fixed: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """The rows that training trials draw from, or those of test trials."""

    index: GroundTruthIndex
    factors: tuple[int, ...]

    def batches(self, count: int, size: int, rng: np.random.Generator) -> Batches:
        """`count` trials of `size` rows each; factors are equally likely, and so are the values of a factor."""
        fixed = rng.integers(len(self.factors), size=count)
        rows = np.empty((count, size), dtype=np.int64)
        for place, factor in enumerate(self.factors):
            of = fixed == place
            rows[of] = self.index.fixing(factor).batches(int(of.sum()), size, rng)
        return Batches(fixed, rows)

    def pairs(self, count: int, size: int, rng: np.random.Generator) -> Pairs:
        """`count` trials of `size` pairs each; factors are equally likely, and so are their values, for each pair."""
        fixed = rng.integers(len(self.factors), size=count)
        first, second = np.empty((2, count, size), dtype=np.int64)
        for place, factor in enumerate(self.factors):
            of = fixed == place
            first[of], second[of] = self.index.fixing(factor).pairs(int(of.sum()), size, rng)
        return Pairs(fixed, first, second)

    def resampling(self, accuracy: Callable[[Split, np.random.Generator], float]) -> Resampling:
        """Resamples of the rows, each with trials of its own, and the accuracy that what was fitted has on them."""

        def values(weights: Weights) -> dict[str, float]:
            drawn = replace(self, index=self.index.redrawn(weights))
            if not all(len(drawn.index.fixing(factor)) for factor in self.factors):
                return {}
            return {"": accuracy(drawn, np.random.default_rng(weights))}

        return Resampling(len(self.index), "held-out rows", values)


@dataclass(frozen=True, eq=False)
class Interventions:
    """The rows that trials are drawn from.

    Attributes:
        codes: `(n, d)`.
        factors: names of those that can be held fixed, which have a value in 2 or more rows of each split.
        left_out: names of the others that vary: no value repeats often enough.
        constant: names of those that never change.
        train, test: the splits, which share no row.
        reason: why the score is undefined, or empty.
    """

    codes: Variables
    factors: tuple[str, ...]
    left_out: tuple[str, ...]
    constant: tuple[str, ...]
    train: Split
    test: Split
    reason: str = ""

    @classmethod
    def of(cls, codes: Codes, factors: Factors, train: ArrayLike | None, *, num_bins: int, seed: int) -> Self:
        """Interventions on the factors `(n, k)` that vary, observed in the codes `(n, d)`.

        Raises:
            RepresentationError, MetricError: see `Observations.of`; or fewer than 2 bins.
        """
        data = Observations.of(codes, factors, train, seed=seed)
        splits = [np.flatnonzero(data.train), np.flatnonzero(~data.train)]
        train_index, test_index = (GroundTruthIndex(data.factors, rows, num_bins=num_bins) for rows in splits)
        names = data.factors.names
        usable = tuple(
            place for place in range(len(names)) if len(train_index.fixing(place)) and len(test_index.fixing(place))
        )
        known = tuple(names[place] for place in usable)
        left_out = tuple(name for name in names if name not in known)
        reason = data.reason
        if not reason and len(known) < 2:
            reason = (
                f"no value repeats in both splits of the rows, for {', '.join(left_out)}"
                if left_out
                else f"only {known[0]} varies, so there is nothing to guess"
            )
        return cls(
            codes=data.codes,
            factors=known,
            left_out=left_out,
            constant=data.constant,
            train=Split(train_index, usable),
            test=Split(test_index, usable),
            reason=reason,
        )

    def details(self) -> dict[str, object]:
        """Names of the factors that were held fixed and of those that were not."""
        return {
            "factors": list(self.factors),
            "constant_factors": list(self.constant),
            "factors_without_repeated_values": list(self.left_out),
        }


def rescale_accuracy(score: Score, factors: int) -> Score:
    """Rescale an accuracy so that guessing, `1 / factors`, becomes 0 and 1 stays 1."""
    if score.value is None:
        return score

    def rescaled(accuracy: float) -> float:
        return (accuracy - 1 / factors) / (1 - 1 / factors)

    drawn = score.resampling
    if drawn is not None:
        accuracies = drawn.values
        drawn = replace(drawn, values=lambda weights: {k: rescaled(v) for k, v in accuracies(weights).items()})
    details = {**score.details, "accuracy": score.value}
    return replace(score, value=rescaled(score.value), details=details, resampling=drawn)
