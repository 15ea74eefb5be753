"""The measurement of engines takes turns, and puts the right one over the other."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence

import pytest

from benchmarks.perf import engines
from disentangle_bench.suites.suite import Suite


def test_ratios_are_to_two_jobs() -> None:
    rows = engines.rows_of({engines.TWO: [10.0, 20.0], engines.ONE: [18.0, 36.0], engines.RAY: [11.0, 22.0]})
    cells = {name: (value, target) for name, value, _, target in (row.cells() for row in rows)}
    assert cells["one job with two threads, in times of two jobs"] == ("1.80", "at least 1.6")
    assert cells["two jobs on Ray, in times of two jobs"] == ("1.10", "at most 1.25")


def test_all_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[tuple[int, int, Sequence[str]]] = []
    monkeypatch.setattr(engines, "run", lambda *given: turns.append(given))
    monkeypatch.setattr(engines, "find_spec", lambda _name: None)
    engines.measure(5, 2)
    two, one = (1, 5, ("--jobs", "2")), (2, 5, ("--jobs", "1"))
    assert turns == [two, one, one, two]


def test_the_suite_takes_threads() -> None:
    text = f"{engines.SUITE.read_text(encoding='utf-8')}\n[training]\nthreads = 2\n"
    assert Suite.model_validate(tomllib.loads(text)).training.threads == 2
