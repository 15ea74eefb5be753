"""A metric under test, and what a check says when it is broken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from disentangle_bench.metrics.conformance.cases import Case
from disentangle_bench.metrics.metric import MetricInfo, Score, Scores, info_of

CLOSE = 1e-6
LOOSE = 0.15
"""How far a score that depends on a seed may move when the same question is put in another way."""


class Broken(Exception):  # noqa: N818 - what happened to a rule, not an error of the program
    """A metric does not keep to a rule."""


@dataclass(frozen=True)
class Trial:
    """A metric and the settings at which it is tried."""

    function: Callable[..., Scores]
    settings: Mapping[str, Any]

    @property
    def info(self) -> MetricInfo:
        return info_of(self.function)

    def scores(self, case: Case) -> dict[str, Score]:
        """All parts; the headline of a metric of one part has an empty name."""
        scores = self.function(**case.parts(self.info.needs), **self.settings)
        return {"": scores} if isinstance(scores, Score) else scores

    def headline(self, case: Case) -> float | None:
        return next(iter(self.scores(case).values())).value

    def require_same(self, before: Case, after: Case, what: str) -> None:
        """Raise unless both cases score the same: to rounding, or about so where a seed draws samples."""
        first, second = self.scores(before), self.scores(after)
        require(list(first) == list(second), f"{what} changes the parts from {list(first)} to {list(second)}")
        reach = LOOSE if "seed" in self.info.settings else CLOSE
        for part, score in first.items():
            same = _about_equal(score.value, second[part].value, reach)
            require(same, f"{what} changes {part or 'the score'} from {score.value} to {second[part].value}")


def _about_equal(first: float | None, second: float | None, reach: float) -> bool:
    if first is None or second is None:
        return first is second
    return abs(first - second) <= reach * max(1.0, abs(first))


def require(kept: bool, otherwise: str) -> None:
    """Raise unless a rule is kept."""
    if not kept:
        raise Broken(otherwise)
