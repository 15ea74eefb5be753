"""Run a suite: find what is missing, hand it to an engine, and continue until every cell is complete or has failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from disentangle_bench.evaluation.forecast import in_words
from disentangle_bench.suites.attempts import FAILED, TIMED_OUT, write_attempts
from disentangle_bench.suites.cell import Cell
from disentangle_bench.suites.engines.engine import Engine
from disentangle_bench.suites.folder import SuiteFolder
from disentangle_bench.suites.order import Order
from disentangle_bench.suites.state import COMPLETE, RUNNING, WAITING, Found
from disentangle_bench.suites.suite import Suite

TRIES = 3
"""Attempts at a cell whose process is killed, for example for its memory, before it counts as failed."""
POLL = 2.0
"""Seconds between two looks at a cell that another process works on."""


@dataclass(frozen=True)
class Ended:
    """One round of work on a cell has ended.

    Attributes:
        cell: which.
        state, reason: what came of it.
        seconds: how long the attempts took that ended in this round.
        place, of: how many cells have ended, out of those that lacked something.
    """

    cell: Cell
    state: str
    reason: str
    seconds: float | None
    place: int
    of: int

    def __str__(self) -> str:
        took = f" in {in_words(self.seconds)}" if self.seconds else ""
        return f"[{self.place}/{self.of}] {self.cell.name}: {self.state}{took}" + (
            f", {self.reason}" if self.reason else ""
        )


@dataclass(frozen=True)
class Waiting:
    """Another process is working on these cells, and this one waits for it."""

    cells: tuple[Cell, ...]

    def __str__(self) -> str:
        return f"Another process is working on {', '.join(cell.name for cell in self.cells)}; waiting for it."


Event = Ended | Waiting


@dataclass
class Driver:
    """Runs the cells of one suite in its folder.

    Attributes:
        suite: whose metrics are asked for.
        folder: of its results.
        engine: what works on cells.
        versions: metric -> the version that is installed.
        data_dir: a folder with the files of datasets.
        trains: whether models that are missing are trained; otherwise such cells are left out.
        fail_fast: stop at the first failure.
        outdated: whether metrics are computed again where their version is not the installed one.
        on_event: called as cells end.
    """

    suite: Suite
    folder: SuiteFolder
    engine: Engine
    versions: Mapping[str, int]
    data_dir: Path | None = None
    trains: bool = True
    fail_fast: bool = False
    outdated: bool = False
    on_event: Callable[[Event], object] = lambda _event: None

    def run(self, cells: Sequence[Cell]) -> None:
        """Work until every cell is complete, has failed, or was given up.

        Raises:
            StorageError: the folder cannot be written. KeyboardInterrupt: Ctrl-C; what was under way is saved.
        """
        todo = {self.folder.cell(cell): cell for cell in cells if self._has_work(cell)}
        of, tries, began = len(todo), dict.fromkeys(todo, 0), time.time()

        def end(folder: Path, found: Found, state: str, reason: str) -> None:
            cell = todo.pop(folder)
            self.on_event(Ended(cell, state, reason, found.seconds_since(began), of - len(todo), of))

        while todo:
            free = self._free(todo, end)
            for folder in free:
                self._order(todo[folder]).write(folder)
            for folder in self.engine.submit(free) if free else ():
                found, state, reason = self._look(todo[folder])
                tries[folder] += 1
                if state == RUNNING or (state == WAITING and tries[folder] < TRIES):
                    continue  # another process has it, or this attempt was killed: it is tried again
                if state == WAITING:
                    state, reason = FAILED, _give_up(found)
                end(folder, found, state, reason)
                if self.fail_fast and state in (FAILED, TIMED_OUT):
                    return

    def _free(self, todo: Mapping[Path, Cell], end: Callable[[Path, Found, str, str], None]) -> list[Path]:
        """List the cells that no other process works on, and wait if there is none.

        Those that another process has completed by now are ended.
        """
        said = False
        while todo:
            free = []
            for folder, cell in list(todo.items()):
                found, state, reason = self._look(cell)
                if state != RUNNING and not self._is_open(found, state):
                    end(folder, found, state, reason)
                elif state != RUNNING:
                    free.append(folder)
            if free:
                return free
            if todo and not said:
                self.on_event(Waiting(tuple(todo.values())))
                said = True
            if todo:
                time.sleep(POLL)
        return []

    def _has_work(self, cell: Cell) -> bool:
        found, state, _ = self._look(cell)
        if found.lacks_model:
            return False
        if not self.trains and cell.recipe is not None and not (found.folder / "run" / "model.safetensors").is_file():
            return False
        return self._is_open(found, state)

    def _is_open(self, found: Found, state: str) -> bool:
        """Whether something is left to compute."""
        return state not in COMPLETE or (self.outdated and bool(found.outdated(self.suite, self.versions)))

    def _look(self, cell: Cell) -> tuple[Found, str, str]:
        found = Found.in_folder(self.folder.cell(cell))
        return found, *found.state(self.suite, self.versions)

    def _order(self, cell: Cell) -> Order:
        found = Found.in_folder(self.folder.cell(cell))
        metrics = found.missing(self.suite)
        if metrics is None:
            metrics = self.suite.metrics_to_ask()
        elif self.outdated:
            metrics = tuple(dict.fromkeys((*metrics, *found.outdated(self.suite, self.versions))))
        return Order.of(cell, self.suite, metrics=metrics, data_dir=self.data_dir, trains=self.trains)


def _give_up(found: Found) -> str:
    """Record as failed a cell whose process was killed again and again, or never began."""
    if not found.attempts:
        return f"no process began to work on it in {TRIES} attempts"
    reason = f"its process was killed {TRIES} times, as happens when memory runs out"
    *before, last = found.attempts
    write_attempts(found.folder, [*before, replace(last, ended=time.time(), outcome=FAILED, reason=reason)])
    return reason
