"""One metric of codes and factors with its settings and rows, to be called again on resampled or simulated ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import DbenchError
from disentangle_bench.evaluation.known_rows import complete_rows, is_partly_known, scores_on_known_rows
from disentangle_bench.metrics import MetricInfo, Score, Scores, info_of
from disentangle_bench.metrics.encoding import columns_of
from disentangle_bench.metrics.inputs import MINIMUM
from disentangle_bench.metrics.metric import Size, called, values_of
from disentangle_bench.metrics.resampling import Resampling, Weights
from disentangle_bench.representation.variables import Variables

REFERENCE: Mapping[Size, int] = {"rows": 10_000, "codes": 10, "columns": 10, "factors": 5, "values": 113}
"""The sizes for which `MetricInfo.seconds` is declared."""
ANY_ROWS = 0.3
"""Share of the work on so many rows that fewer take, too: 100 rows were measured to take 0.1 to 0.5 times as long."""
BINS = 2
"""Counted for values of a continuous factor: learners predict it as a number."""

Values = dict[str, float]
"""Part -> value, without the parts that are undefined."""


@dataclass(frozen=True, eq=False)
class MetricCall:
    """A metric with its settings and the rows that it is computed on.

    Attributes:
        function: the metric, of codes and factors and perhaps `train`.
        codes: `(n, d)`.
        factors: `(n, k)`.
        train: `(n,)` bool, or of partly known factors masks as of `known_rows.drawn_splits`; None where the subject has
            no splits.
        settings: in full.
    """

    function: Callable[..., Scores]
    codes: Variables
    factors: Variables
    train: NDArray[np.bool_] | None
    settings: Mapping[str, Any]

    @property
    def info(self) -> MetricInfo:
        """What the metric declares."""
        return info_of(self.function)

    def scores(self) -> dict[str, Score]:
        """Compute the metric: its scores by part."""
        parts: dict[str, Any] = {"codes": self.codes, "factors": self.factors}
        if self.train is not None and "train" in (*self.info.needs, *self.info.uses):
            parts["train"] = self.train
        if is_partly_known(self.factors):
            return scores_on_known_rows(self.function, parts, self.settings)
        return called(self.function, parts, self.settings)

    def values(self) -> Values:
        """Compute the values of the parts that are defined; none if the metric refuses these rows."""
        try:
            return values_of(self.scores())
        except DbenchError:
            return {}

    def resampling(self) -> Resampling:
        """The rows, to be drawn again, and the values that the metric, computed anew, has on them."""

        def values(weights: Weights) -> Values:
            return self.of_rows(np.repeat(np.arange(len(weights)), weights)).values()

        return Resampling(len(self.codes), "rows", values)

    @property
    def scale(self) -> float:
        """Size of the data as a multiple of those that `MetricInfo.seconds` is declared for."""
        return math.prod(self.sizes[size] for size in self.info.grows_with)

    @cached_property
    def sizes(self) -> Mapping[Size, float]:
        """The sizes of its data; see `sizes_of`."""
        return sizes_of(self.codes, self.factors)

    def of_rows(self, index: NDArray[np.int64]) -> MetricCall:
        """The same call on some rows, which may repeat."""
        train = None if self.train is None else self.train[index]
        return replace(self, codes=self.codes.rows(index), factors=self.factors.rows(index), train=train)

    def of_complete_rows(self) -> MetricCall:
        """The same call on the rows where all factors are known; itself if these are too few."""
        rows = complete_rows(self.factors)
        if len(rows) < MINIMUM:
            return self
        train = self.train if self.train is None or self.train.ndim == 1 else self.train[:, -1]
        return replace(self, train=train).of_rows(rows)


def values_of_each(factors: Variables) -> list[int]:
    """How many values each factor has, of which a learner fits one after the other."""
    return [BINS if of.values is None else len(of.values) for of in factors.summaries]


def sizes_of(codes: Variables, factors: Variables | None) -> dict[Size, float]:
    """Return the sizes of codes and factors, as multiples of those that `MetricInfo.seconds` is declared for.

    Few rows count for more than they are, as the work on them does.
    """
    found: dict[Size, int] = {"rows": len(codes), "codes": len(codes.names), "columns": columns_of(codes)}
    if factors is not None:
        found["factors"] = len(factors.names)
        found["values"] = sum(values_of_each(factors))
    sizes: dict[Size, float] = {size: found.get(size, usual) / usual for size, usual in REFERENCE.items()}
    return sizes | {"rows": max(sizes["rows"], ANY_ROWS + (1 - ANY_ROWS) * sizes["rows"])}
