"""What an evaluation reports while it runs; as text, each event is one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from disentangle_bench.evaluation.forecast import in_words
from disentangle_bench.evaluation.results import ScoreEntry

SHORT = 5.0
"""Seconds that are not worth to be foretold line by line."""


@dataclass(frozen=True)
class Planned:
    """It is known what there is to do.

    Attributes:
        subject: what is evaluated, as in the results.
        metrics: those to compute, in order.
        kept: those whose scores are kept from an earlier evaluation.
        named: those that were asked for by name.
        seconds: roughly what it will take.
    """

    subject: Mapping[str, Any]
    metrics: tuple[str, ...]
    kept: tuple[str, ...]
    seconds: float
    named: tuple[str, ...] = ()

    def __str__(self) -> str:
        count = len(self.metrics)
        duration = f", about {in_words(self.seconds)}" if count else ""
        earlier = f"; {len(self.kept)} kept from before" if self.kept else ""
        return f"{self.subject['name']}: {count} metric{'' if count == 1 else 's'} to compute{duration}{earlier}"


@dataclass(frozen=True)
class Started:
    """The turn of a metric has come."""

    metric: str
    slow: bool = False

    def __str__(self) -> str:
        return f"Scoring {self.metric}{', which is slow' if self.slow else ''}"


@dataclass(frozen=True)
class Advanced:
    """Some of the resamples and simulations of a metric are done."""

    metric: str
    done: int
    total: int

    def __str__(self) -> str:
        return f"{self.metric}: {self.done} of {self.total} resamples and simulations"


@dataclass(frozen=True)
class Working:
    """Work begins that is not a metric's, such as `Encoding 1,797 images`."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Noted:
    """Something could not be done."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Scored:
    """A metric has been computed, or its scores are kept from an earlier evaluation.

    Attributes:
        metric: its name.
        scores: by name, the headline first.
        kept: whether they are from an earlier evaluation.
        remaining: roughly how many seconds the others still take.
        error: why there is no value, if the metric raised an exception.
    """

    metric: str
    scores: Mapping[str, ScoreEntry]
    kept: bool = False
    remaining: float = 0.0
    error: Exception | None = None

    def __str__(self) -> str:
        name, entry = next(iter(self.scores.items()))
        said = f"no value ({entry.reason})" if entry.value is None else f"{entry.value:.4g} {entry.unit}".rstrip()
        left = f" (about {in_words(self.remaining)} left)" if self.remaining > SHORT else ""
        return f"{name}: {said}{', kept from before' if self.kept else ''}{left}"


Event = Planned | Started | Advanced | Working | Noted | Scored
OnProgress = Callable[[Event], None]
