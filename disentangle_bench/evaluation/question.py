"""One observational metric, to be asked again and again: of resampled rows, of simulated codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from joblib import Parallel, cpu_count, delayed
from numpy.typing import NDArray

from disentangle_bench.errors import DbenchError
from disentangle_bench.metrics import Score, Scores, info_of
from disentangle_bench.representation.variables import Variables

PAYS = 60.0
"""Seconds of work that are worth starting processes for, each of which spends some on its imports."""

Values = dict[str, float]
"""Part -> value, without the parts that are undefined."""
Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class Question:
    """A metric with its settings and the rows that it is asked of.

    Attributes:
        function: the metric, of codes and factors and perhaps `train`.
        codes: `(n, d)`.
        factors: `(n, k)`.
        train: `(n,)` bool; None where the subject has no splits.
        settings: in full.
    """

    function: Callable[..., Scores]
    codes: Variables
    factors: Variables
    train: NDArray[np.bool_] | None
    settings: Mapping[str, Any]

    def scores(self) -> dict[str, Score]:
        """What the metric says, by part."""
        info = info_of(self.function)
        parts: dict[str, Any] = {"codes": self.codes, "factors": self.factors}
        if self.train is not None and "train" in (*info.needs, *info.uses):
            parts["train"] = self.train
        scores = self.function(**parts, **self.settings)
        return scores if isinstance(scores, dict) else {"": scores}

    def values(self) -> Values:
        """The values of the parts that are defined; none if the metric refuses these rows."""
        try:
            scores = self.scores()
        except DbenchError:
            return {}
        known = ((part, score.value) for part, score in scores.items())
        return {part: float(value) for part, value in known if value is not None and np.isfinite(value)}

    def of_rows(self, index: NDArray[np.int64]) -> Question:
        """The same question of some rows, which may repeat."""
        train = None if self.train is None else self.train[index]
        return replace(self, codes=self.codes.rows(index), factors=self.factors.rows(index), train=train)


def in_turn_or_at_once(
    work: Callable[[Item], Values], items: Sequence[Item], seconds: float | None = None
) -> Iterator[Values]:
    """The answers to `items`, in order; on all processors if, at `seconds` each, that pays.

    Processes, not threads: most of a metric's time goes into small steps that hold Python's lock.
    """
    processors = min(cpu_count(), len(items))
    if seconds is None or processors < 2 or seconds * len(items) < PAYS:
        return map(work, items)
    answers: Iterable[Values] = Parallel(n_jobs=processors, return_as="generator")(
        delayed(work)(item) for item in items
    )
    return iter(answers)
