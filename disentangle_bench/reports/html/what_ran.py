"""What ran: entries, seeds and their states, machine, versions and time; what failed in plain sight; gates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from disentangle_bench.evaluation.forecast import in_words
from disentangle_bench.reports.checked_gate import CheckedGate
from disentangle_bench.reports.html.content import ReportContent, RunFacts
from disentangle_bench.reports.html.forms import Forms

WELL = "done"
BAD = ("failed", "timed-out", "collapsed")
SIGNS = {"done": "●", "collapsed": "†", "failed": "✕", "timed-out": "✕", "running": "◐", "stale": "◌", "waiting": "○"}
OTHER_SIGN = "○"


@dataclass(frozen=True)
class Cell:
    """One cell in the overview: its seed, its state with a sign, why, and where it stands in the page."""

    seed: int
    state: str
    sign: str
    reason: str
    anchor: str


@dataclass(frozen=True)
class EntryRow:
    """One entry in the overview."""

    name: str
    role: str
    title: str
    recipe: str
    dataset: str
    cells: Sequence[Cell]
    states: str
    time: str


@dataclass(frozen=True)
class WhatRan:
    """The first section.

    Attributes:
        entries: the rows of the overview.
        troubles: the cells that failed or collapsed.
        unfinished: how many cells have no result yet.
        machines: hardware and versions; see `machines`.
        gates: every condition, with its margin.
        cell_forms, gate_forms: the two tables as files.
    """

    entries: Sequence[EntryRow]
    troubles: Sequence[tuple[RunFacts, Cell]]
    unfinished: int
    machines: Mapping[str, Sequence[str]]
    gates: Sequence[CheckedGate]
    cell_forms: Forms
    gate_forms: Forms


def what_ran(content: ReportContent, anchors: Sequence[str]) -> WhatRan:
    """Collect the first section.

    Args:
        content: of the report.
        anchors: of each run.
    """
    cells = {
        (run.entry, run.seed): Cell(run.seed, run.state, SIGNS.get(run.state, OTHER_SIGN), run.reason, anchor)
        for run, anchor in zip(content.runs, anchors, strict=True)
    }
    entries = [
        _entry(content, name, [cell for (of, _), cell in cells.items() if of == name]) for name in content.entries
    ]
    runs, gates = content.runs, content.gates
    of_cells = Forms.of(
        "cells",
        ["entry", "seed", "state", "reason", "seconds", "folder"],
        [[run.entry, run.seed, run.state, run.reason, run.seconds, run.place] for run in runs],
        left=["entry", "state", "reason", "folder"],
    )
    of_gates = Forms.of(
        "gates",
        ["verdict", "condition", "found", "margin"],
        [[gate.verdict, gate.condition, gate.found, gate.margin] for gate in gates],
        left=["verdict", "condition", "found"],
    )
    return WhatRan(
        entries,
        [(run, cells[run.entry, run.seed]) for run in runs if run.state in BAD],
        sum(run.state not in (WELL, "stale", *BAD) for run in runs),
        machines(runs),
        gates,
        of_cells,
        of_gates,
    )


def _entry(content: ReportContent, name: str, cells: Sequence[Cell]) -> EntryRow:
    facts = content.entries[name]
    seconds = [run.seconds for run in content.runs if run.entry == name and run.seconds is not None]
    return EntryRow(
        name,
        "baseline" if name in content.table.baselines.values() else "",
        facts.title,
        facts.recipe,
        facts.dataset,
        cells,
        content.table.states(name),
        in_words(sum(seconds)) if seconds else "",
    )


def machines(runs: Iterable[RunFacts]) -> dict[str, list[str]]:
    """Collect on what runs were made, from their provenance.

    Returns:
        Fact -> its values, each with the number of cells that have it if they differ.
    """
    found: dict[str, Counter[str]] = {}
    times: list[str] = []
    for run in runs:
        for fact, value in _facts(run.provenance).items():
            found.setdefault(fact, Counter())[value] += 1
        if isinstance(run.provenance.get("time"), str):
            times.append(run.provenance["time"])
    facts = {fact: _values(counts) for fact, counts in found.items()}
    if times:
        first, last = min(times)[:16].replace("T", " "), max(times)[:16].replace("T", " ")
        facts["Training began"] = [first if first == last else f"{first} to {last}"]
    return facts


def _facts(provenance: Mapping[str, Any]) -> dict[str, str]:
    if not provenance:
        return {}
    device = [
        str(provenance.get("device", "")),
        str(provenance.get("device_name", "")),
        str(provenance.get("precision", "")),
    ]
    threads, processors = provenance.get("threads"), provenance.get("processors")
    processor = [str(provenance.get("processor", "")), f"{processors} processors" if processors else ""]
    named = {
        "Device": ", ".join(filter(None, device))
        + (f", {threads} thread{'s' if threads != 1 else ''}" if threads else ""),
        "Machine": ", ".join(filter(None, processor)),
        "Platform": str(provenance.get("platform", "")),
        "Python": str(provenance.get("python", "")),
    }
    packages = provenance.get("packages")
    if isinstance(packages, Mapping):
        named |= {str(name): str(version) for name, version in packages.items() if version}
    return {fact: value for fact, value in named.items() if value}


def _values(counts: Counter[str]) -> list[str]:
    if len(counts) == 1:
        return list(counts)
    return [f"{value} ({number} cell{'s' if number > 1 else ''})" for value, number in counts.most_common()]
