"""Trials: a factor is drawn and held fixed, and rows are drawn in which it has one value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.inputs import Observations
from disentangle_bench.metrics.intervention.ground_truth_index import GroundTruthIndex
from disentangle_bench.metrics.metric import Codes, Factors, Score
from disentangle_bench.representation.variables import Variables


class Batches(NamedTuple):
    """`fixed (t,)`: the factor held fixed in each trial; `rows (t, b)`: rows that agree in it."""

    fixed: NDArray[np.int64]
    rows: NDArray[np.int64]


class Pairs(NamedTuple):
    """`fixed (t,)`: the factor held fixed in each trial; pairs `first, second (t, b)` of rows that agree in it."""

    fixed: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Side:
    """The rows to learn from, or those to be judged on."""

    index: GroundTruthIndex
    factors: tuple[int, ...]

    def batches(self, count: int, size: int, rng: np.random.Generator) -> Batches:
        """`count` trials of a batch of `size` rows, each factor as likely, and each of its values."""
        fixed = rng.integers(len(self.factors), size=count)
        rows = np.empty((count, size), dtype=np.int64)
        for place, factor in enumerate(self.factors):
            of = fixed == place
            rows[of] = self.index.fixing(factor).batches(int(of.sum()), size, rng)
        return Batches(fixed, rows)

    def pairs(self, count: int, size: int, rng: np.random.Generator) -> Pairs:
        """`count` trials of `size` pairs of rows, each factor as likely, and for each pair each of its values."""
        fixed = rng.integers(len(self.factors), size=count)
        first, second = np.empty((2, count, size), dtype=np.int64)
        for place, factor in enumerate(self.factors):
            of = fixed == place
            first[of], second[of] = self.index.fixing(factor).pairs(int(of.sum()), size, rng)
        return Pairs(fixed, first, second)


@dataclass(frozen=True, eq=False)
class Interventions:
    """What trials are drawn from.

    Attributes:
        codes: `(n, d)`.
        factors: the names of those that can be held fixed: those with a value in 2 or more rows on both sides.
        left_out: the names of the others that vary; they are too fine for this many rows.
        constant: the names of those that never change.
        train, test: the sides; a trial of one never meets a row of the other.
        reason: why there is nothing to guess, if so.
    """

    codes: Variables
    factors: tuple[str, ...]
    left_out: tuple[str, ...]
    constant: tuple[str, ...]
    train: Side
    test: Side
    reason: str = ""

    @classmethod
    def of(cls, codes: Codes, factors: Factors, train: ArrayLike | None, *, num_bins: int, seed: int) -> Self:
        """Interventions on the factors `(n, k)` that vary, seen in the codes `(n, d)`.

        Raises:
            RepresentationError, MetricError: see `Observations.of`; or fewer than 2 bins.
        """
        data = Observations.of(codes, factors, train, seed=seed)
        sides = [np.flatnonzero(data.train), np.flatnonzero(~data.train)]
        train_index, test_index = (GroundTruthIndex(data.factors, rows, num_bins=num_bins) for rows in sides)
        names = data.factors.names
        usable = tuple(
            place for place in range(len(names)) if len(train_index.fixing(place)) and len(test_index.fixing(place))
        )
        known = tuple(names[place] for place in usable)
        left_out = tuple(name for name in names if name not in known)
        return cls(
            codes=data.codes,
            factors=known,
            left_out=left_out,
            constant=data.constant,
            train=Side(train_index, usable),
            test=Side(test_index, usable),
            reason=data.reason or _reason(known, left_out),
        )

    def details(self) -> dict[str, object]:
        """What was held fixed, and what was not."""
        return {
            "factors": list(self.factors),
            "constant_factors": list(self.constant),
            "factors_without_repeated_values": list(self.left_out),
        }


def check_counts(**counts: int) -> None:
    """Refuse settings that leave nothing to draw.

    Raises:
        MetricError: a count below 2.
    """
    for name, count in counts.items():
        if count < 2:
            raise MetricError(f"{name} is {count}.", "Give 2 or more.")


def rescale_accuracy(score: Score, factors: int) -> Score:
    """An accuracy as the share of the way from guessing, `1 / factors`, to always right; below 0 if worse."""
    if score.value is None:
        return score
    scaled = (score.value - 1 / factors) / (1 - 1 / factors)
    return replace(score, value=scaled, details={**score.details, "accuracy": score.value})


def _reason(known: tuple[str, ...], left_out: tuple[str, ...]) -> str:
    if len(known) > 1:
        return ""
    if left_out:
        return f"no value repeats, among training rows and among the others, of {', '.join(left_out)}"
    return f"only {known[0]} varies, so there is nothing to guess"
