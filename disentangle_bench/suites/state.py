"""What has become of a cell, as its folder shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from disentangle_bench.recipe.tables import Setting
from disentangle_bench.run import Run
from disentangle_bench.storage import parse_json
from disentangle_bench.suites.attempts import (
    CANCELLED,
    COLLAPSED,
    DONE,
    FAILED,
    TIMED_OUT,
    Attempt,
    is_beating,
    read_attempts,
)
from disentangle_bench.suites.suite import Evaluation, Suite, short_hash

WAITING, RUNNING, STALE = "waiting", "running", "stale"
COMPLETE = (DONE, COLLAPSED, STALE)
"""States in which nothing is left to compute."""


@dataclass(frozen=True)
class Found:
    """What the folder of a cell holds.

    Attributes:
        folder: of the cell.
        attempts: the latest last.
        scores: score name -> its fields, as in `results.json`.
        subject: what was scored, as in `results.json`.
        status: of the run; empty if there is none.
    """

    folder: Path
    attempts: tuple[Attempt, ...]
    scores: Mapping[str, Mapping[str, Any]]
    subject: Mapping[str, Any]
    status: str

    @classmethod
    def in_folder(cls, folder: Path) -> Found:
        """Look into a folder, which need not exist."""
        run = Run(folder / "run")
        own = folder / "results.json"
        results = own if own.is_file() else run.results_file
        return cls.of_files(folder, results, run.provenance_file, read_attempts(folder))

    @classmethod
    def of_files(cls, folder: Path, results: Path, provenance: Path, attempts: Sequence[Attempt]) -> Self:
        """Read what files of scores and of provenance hold, which need not exist."""
        values, made = _object(results), _object(provenance)
        status = str(made.get("status", ""))
        return cls(folder, tuple(attempts), values.get("scores", {}), values.get("subject", {}), status)

    @cached_property
    def by_metric(self) -> dict[str, dict[str, Mapping[str, Any]]]:
        """Metric -> its scores by name."""
        metrics: dict[str, dict[str, Mapping[str, Any]]] = {}
        for name, entry in self.scores.items():
            metrics.setdefault(str(entry.get("metric")), {})[name] = entry
        return metrics

    @property
    def collapsed(self) -> bool:
        """Whether the training collapsed."""
        return self.status.startswith(COLLAPSED)

    @property
    def lacks_model(self) -> bool:
        """Whether it was trained and scored, and neither model nor checkpoints are there: so it is published."""
        run = Run(self.folder / "run")
        return bool(self.scores and self.status) and not (run.model_file.is_file() or run.checkpoints.is_dir())

    @property
    def seconds(self) -> float | None:
        """How long the attempts took together; None if none has ended."""
        return self.seconds_since(0.0)

    def seconds_since(self, moment: float) -> float | None:
        """How long the attempts took together that ended after a moment, which is in seconds since the epoch."""
        known = [of.ended - of.began for of in self.attempts if of.ended is not None and of.ended >= moment]
        return sum(known) if known else None

    def missing(self, suite: Suite) -> tuple[str, ...] | None:
        """The metrics that a suite asks for and the cell lacks; None for a set that it has not been asked for.

        Scores of an older version of a metric are there: to compute them again is for `rescore`.
        """
        if isinstance(suite.metrics, str):
            asked = digest_of_set(suite)
            return () if any(attempt.asked == asked for attempt in self.attempts) else None
        return tuple(name for name in suite.metrics if not self.has(name, suite.evaluation, suite.metric_settings))

    def has(self, metric: str, evaluation: Evaluation, settings: Mapping[str, Mapping[str, Setting]]) -> bool:
        """Whether there are scores of a metric, computed in this way.

        Args:
            metric: its name.
            evaluation: how every cell is scored.
            settings: metric -> its settings.
        """
        options = {"seed": evaluation.seed, "bootstrap": evaluation.bootstrap, "levels": evaluation.levels}
        asked = settings.get(metric, {}).items()
        given = {key: list(value) if isinstance(value, tuple) else value for key, value in asked}
        entries = self.by_metric.get(metric, {}).values()
        return bool(entries) and all(
            not entry.get("error")
            and entry.get("options") in ({}, options)
            and all(entry.get("settings", {}).get(key) == value for key, value in given.items())
            for entry in entries
        )

    def state(self, suite: Suite, versions: Mapping[str, int]) -> tuple[str, str]:
        """The state and, if there is one, the reason for it.

        Args:
            suite: that asks for scores.
            versions: metric -> the version that is installed.
        """
        if is_beating(self.folder):
            return RUNNING, ""
        if self.collapsed and not Run(self.folder / "run").model_file.is_file():
            return COLLAPSED, self.status.partition(": ")[2]
        if self.missing(suite) == ():
            if self.collapsed:
                return COLLAPSED, self.status.partition(": ")[2]
            older = self.outdated(suite, versions)
            return (STALE, f"older version of {', '.join(older)}") if older else (DONE, "")
        last = self.attempts[-1] if self.attempts else None
        if last is not None and last.outcome in (FAILED, TIMED_OUT, CANCELLED):
            return last.outcome, last.reason
        return WAITING, ""

    def outdated(self, suite: Suite, versions: Mapping[str, int]) -> list[str]:
        """List those of the suite's metrics whose scores are of an older version than the one that is installed."""
        return [
            metric
            for metric, entries in self.by_metric.items()
            if (isinstance(suite.metrics, str) or metric in suite.metrics)
            and any(int(entry.get("version", 1)) < versions.get(metric, 1) for entry in entries.values())
        ]


def digest_of_set(suite: Suite) -> str:
    """Hash what a suite asks for that names no metrics, together with the metrics that are meant today."""
    from disentangle_bench.metrics import METRICS, info_of  # imports torch, which takes longer than to print a table

    meant = sorted(name for name, of in METRICS.usable().items() if suite.asks_for(name, info_of(of)))
    return short_hash([suite.metrics, suite.metric_settings, suite.evaluation.model_dump(mode="json"), meant])


def _object(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        values = parse_json(path.read_text(encoding="utf-8"))
        if isinstance(values, dict):
            return values
    return {}
