"""Codes and factors of the same samples, checked and split: the input of every metric that needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import MetricError, RepresentationError
from disentangle_bench.metrics.metric import Codes, Factors
from disentangle_bench.representation import Representation
from disentangle_bench.representation.variables import Variables
from disentangle_bench.seeds import derive_seed

TRAIN_SHARE = 2 / 3
MINIMUM = 4
"""With fewer samples than this, nothing can be estimated."""


@dataclass(frozen=True, eq=False)
class Observations:
    """Codes and factors of the same `n` samples.

    Attributes:
        codes: `(n, d)`, constant ones included, since dead codes count against a model.
        factors: `(n, k)`, those that vary, unless none does.
        train: `(n,)` bool, the rows that a metric may fit on; it is scored on the others.
        constant: names of the factors that were left out because they never change.
        reason: why no metric of these factors is defined; empty if one is.
    """

    codes: Variables
    factors: Variables
    train: NDArray[np.bool_]
    constant: tuple[str, ...] = ()
    reason: str = ""

    @classmethod
    def of(cls, codes: Codes, factors: Factors, train: ArrayLike | None = None, *, seed: int = 0) -> Self:
        """Check and split arrays.

        Args:
            codes: `(n, d)`.
            factors: `(n, k)`.
            train: `(n,)` bool; by default a random two thirds of the rows.
            seed: of that draw.

        Raises:
            RepresentationError: arrays of different lengths, NaN or infinite values.
            MetricError: fewer than 4 samples, or a mask that leaves no rows to fit on or to score.
        """
        data = Representation.of(codes, factors, train)
        rows, columns = _enough(data)
        mask = drawn_mask(len(rows), seed) if data.train is None else data.train
        if mask.all() or not mask.any():
            raise MetricError(
                f"The train mask marks {mask.sum()} of {len(mask)} rows.", "Leave rows to fit on and rows to score."
            )
        alive = [varies(column) for column in columns.values.T]
        varying, constant = (
            tuple(name for name, moves in zip(columns.names, alive, strict=True) if moves is wanted)
            for wanted in (True, False)
        )
        reason = "" if varying else f"no factor varies: {', '.join(constant)}"
        return cls(rows, columns.select(varying or columns.names), mask, constant, reason)

    def __len__(self) -> int:
        return len(self.codes)


def paired(codes: Codes, factors: Factors) -> tuple[Variables, Variables]:
    """Check codes `(n, d)` and factors `(n, k)` of the same samples.

    Raises:
        RepresentationError: arrays of different lengths, NaN or infinite values.
        MetricError: no factors, or fewer than 4 samples.
    """
    return _enough(Representation.of(codes, factors))


def _enough(data: Representation) -> tuple[Variables, Variables]:
    if data.factors is None:
        raise MetricError("There are no factors.", "Give an array (samples, factors) beside the codes.")
    if len(data.codes) < MINIMUM:
        raise MetricError(f"There are only {len(data.codes)} samples.", f"Give {MINIMUM} or more.")
    refuse_unknown_factors(data.factors)
    return data.codes, data.factors


def refuse_unknown_factors(factors: Variables) -> None:
    """Refuse factors of which some values are unknown: which rows a metric is computed on is the evaluation's business.

    Raises:
        RepresentationError: there are any.
    """
    for name, summary in zip(factors.names, factors.summaries, strict=True):
        if summary.samples < len(factors):
            raise RepresentationError(
                f"Column {name!r} has {len(factors) - summary.samples} of {len(factors)} values that are unknown.",
                "Leave out those rows, or let `evaluate` score each factor on its known rows.",
            )


def require_at_least(least: int, **settings: int) -> None:
    """Check that settings, passed by name, are not too small.

    Raises:
        MetricError: a setting below `least`.
    """
    for name, value in settings.items():
        if value < least:
            raise MetricError(f"{name} is {value}.", f"Give {least} or more.")


def varies(column: NDArray[np.generic]) -> bool:
    """Return whether a column `(n,)` holds more than one value."""
    return bool((column != column[0]).any())


def drawn_mask(samples: int, seed: int) -> NDArray[np.bool_]:
    """Draw a random two thirds of the rows, as a mask `(n,)`."""
    order = np.random.default_rng(derive_seed(seed, "train mask")).permutation(samples)
    return np.asarray(order < round(samples * TRAIN_SHARE))
