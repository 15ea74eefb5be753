"""What a report is made of: plain data, which those who know suites and run folders gather."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from disentangle_bench.reports.checked_gate import CheckedGate
from disentangle_bench.reports.suite_table import SuiteTable


@dataclass(frozen=True)
class EntryFacts:
    """One row of the table.

    Attributes:
        name: of the entry.
        title: one line; may be empty, as everything below.
        recipe, model, dataset: their names.
        source: where the recipe's settings are from.
        settings: every hyper-parameter by its dotted key.
        published: score name -> the value that the source reports.
    """

    name: str
    title: str = ""
    recipe: str = ""
    model: str = ""
    dataset: str = ""
    source: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    published: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RunFacts:
    """One cell.

    Attributes:
        entry, seed: whose it is.
        state, reason: how it stands, and why it is not done.
        place: its folder, relative to the results.
        folder: of the run or, for files of codes, of the cell.
        scores: score name -> its fields, as in `results.json`.
        provenance: command, versions, machine and time; empty if nothing was run yet.
        seconds: what it took.
    """

    entry: str
    seed: int
    state: str
    reason: str
    place: str
    folder: Path
    scores: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None


@dataclass(frozen=True)
class Card:
    """What a metric is: the first line of its documentation, its formula, what it does not see, and its source."""

    summary: str = ""
    formula: str = ""
    unseen: str = ""
    source: str = ""


@dataclass(frozen=True)
class ReportContent:
    """A report.

    Attributes:
        title: what the results are of.
        table: the scores over seeds.
        command: what makes the results again.
        entries: the rows, by name.
        runs: every cell.
        gates: every condition.
        cards: metric -> what it is.
    """

    title: str
    table: SuiteTable
    command: str
    entries: Mapping[str, EntryFacts]
    runs: tuple[RunFacts, ...]
    gates: tuple[CheckedGate, ...] = ()
    cards: Mapping[str, Card] = field(default_factory=dict)
