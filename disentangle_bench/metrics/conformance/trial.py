"""A metric under test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from disentangle_bench.conformance import require
from disentangle_bench.metrics.conformance.cases import Case
from disentangle_bench.metrics.metric import MetricInfo, Score, Scores, called, info_of

CLOSE = 1e-6
LOOSE = 0.15
"""How far a score that depends on a seed may move when the same samples are given in another form."""


@dataclass(frozen=True)
class Trial:
    """A metric and the settings to try it with."""

    function: Callable[..., Scores]
    settings: Mapping[str, Any]

    @property
    def info(self) -> MetricInfo:
        return info_of(self.function)

    def scores(self, case: Case) -> dict[str, Score]:
        """Return all components by name; the score of a metric of one component has an empty name."""
        return called(self.function, case.parts(self.info.needs), self.settings)

    def headline(self, case: Case) -> float | None:
        return next(iter(self.scores(case).values())).value

    def require_same(self, before: Case, after: Case, what: str) -> None:
        """Require the same scores of two cases: up to rounding, or roughly where a seed draws samples."""
        first, second = self.scores(before), self.scores(after)
        require(list(first) == list(second), f"{what} changes the components from {list(first)} to {list(second)}")
        tolerance = LOOSE if "seed" in self.info.settings else CLOSE
        for component, score in first.items():
            one, other = score.value, second[component].value
            same = one is other  # both undefined
            if one is not None and other is not None:
                same = abs(one - other) <= tolerance * max(1.0, abs(one))
            require(same, f"{what} changes {component or 'the score'} from {one} to {other}")
