"""One metric of codes and factors with its settings and rows, to be called again on resampled or simulated ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from joblib import Parallel, cpu_count, delayed
from numpy.typing import NDArray

from disentangle_bench.errors import DbenchError
from disentangle_bench.metrics import MetricInfo, Score, Scores, info_of
from disentangle_bench.representation.variables import Variables

PAYS = 20.0
"""Seconds of work that are worth starting processes for, each of which spends some on its imports."""

Values = dict[str, float]
"""Part -> value, without the parts that are undefined."""
Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class MetricCall:
    """A metric with its settings and the rows that it is computed on.

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

    @property
    def info(self) -> MetricInfo:
        """What the metric declares."""
        return info_of(self.function)

    def scores(self) -> dict[str, Score]:
        """Compute the metric: its scores by part."""
        parts: dict[str, Any] = {"codes": self.codes, "factors": self.factors}
        if self.train is not None and "train" in (*self.info.needs, *self.info.uses):
            parts["train"] = self.train
        scores = self.function(**parts, **self.settings)
        return scores if isinstance(scores, dict) else {"": scores}

    def values(self) -> Values:
        """Compute the values of the parts that are defined; none if the metric refuses these rows."""
        try:
            scores = self.scores()
        except DbenchError:
            return {}
        known = ((part, score.value) for part, score in scores.items())
        return {part: float(value) for part, value in known if value is not None and np.isfinite(value)}

    def of_rows(self, index: NDArray[np.int64]) -> MetricCall:
        """The same call on some rows, which may repeat."""
        train = None if self.train is None else self.train[index]
        return replace(self, codes=self.codes.rows(index), factors=self.factors.rows(index), train=train)


@dataclass(frozen=True)
class Schedule:
    """How repeated work is done.

    Attributes:
        seconds: what one call takes. If that pays, they are spread over processes, which changes no number; not
            threads, since most of a metric's time goes into small steps that hold Python's lock. None if unknown.
        on_step: called as each result is there.
    """

    seconds: float | None = None
    on_step: Callable[[], object] = lambda: None

    def map(self, work: Callable[[Item], Values], items: Sequence[Item]) -> Iterator[Values]:
        """Give the results for `items`, in order."""
        processors = min(cpu_count(), len(items))
        results: Iterable[Values] = map(work, items)
        if self.seconds is not None and processors > 1 and self.seconds * len(items) >= PAYS:
            results = Parallel(n_jobs=processors, return_as="generator")(delayed(work)(item) for item in items)
        for result in results:
            self.on_step()
            yield result


IN_TURN = Schedule()
