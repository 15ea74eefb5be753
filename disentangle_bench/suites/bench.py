"""A suite with its folder: what `dbench bench` does, one method a command."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from disentangle_bench.errors import UnknownNameError
from disentangle_bench.reports.checked_gate import CheckedGate, Verdict
from disentangle_bench.reports.suite_table import SuiteTable
from disentangle_bench.reports.tables import to_markdown
from disentangle_bench.storage import storage_errors, write_json, write_text
from disentangle_bench.suites.accepted import Accepted, read_accepted
from disentangle_bench.suites.attempts import FAILED, TIMED_OUT, worker_on
from disentangle_bench.suites.cell import Cell, cells_of
from disentangle_bench.suites.check import Fault, check_suite, emulated_training
from disentangle_bench.suites.driver import Driver, Event
from disentangle_bench.suites.dry import small_form, without_value
from disentangle_bench.suites.engines.engine import Engine
from disentangle_bench.suites.find import find_suite
from disentangle_bench.suites.folder import SuiteFolder
from disentangle_bench.suites.gates import check_gates
from disentangle_bench.suites.state import COMPLETE, RUNNING, Found
from disentangle_bench.suites.suite import ALL, DEFAULT, Suite
from disentangle_bench.suites.table import table_of
from disentangle_bench.suites.versions import installed_versions

EXIT_FAILED, EXIT_FELL_SHORT, EXIT_NOTHING = 1, 3, 4
STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""The environment variable that names the file in which GitHub Actions shows a job's summary."""


class Planned(NamedTuple):
    """One cell: how it stands, and roughly how long it takes."""

    cell: Cell
    state: str
    reason: str
    attempts: int
    seconds: float | None


@dataclass(frozen=True)
class Bench:
    """A suite, as it is in its file or with other seeds or settings, and the folder of its results.

    Attributes:
        suite: the suite.
        folder: of its results.
        only: work on these entries; the table shows all.
        data_dir: a folder with the files of datasets.
    """

    suite: Suite
    folder: SuiteFolder
    only: tuple[str, ...] = ()
    data_dir: Path | None = None

    @classmethod
    def open(
        cls,
        name: str,
        *,
        seeds: tuple[int, ...] | None = None,
        settings: Mapping[str, Any] | None = None,
        only: Sequence[str] = (),
        out: Path | None = None,
        data_dir: Path | None = None,
    ) -> Bench:
        """Find a suite and its folder.

        Args:
            name: of a suite of the package, or a TOML file.
            seeds: in place of the suite's.
            settings: for all recipes, or as `training.precision` for how they are trained; they make it a variant that
                is never ranked with the suite.
            only: work on these entries.
            out: the folder of the results; by default `runs/bench/NAME`.
            data_dir: a folder with the files of datasets.

        Raises:
            DbenchError: no such suite or entry, faults in the file, a folder with results of another suite.
        """
        suite = find_suite(name).with_settings(settings or {})
        if seeds is not None:
            suite = suite.with_seeds(seeds)
        for entry in only:
            if entry not in suite.entries:
                raise UnknownNameError(f"entry of the suite {suite.name}", entry, suite.entries)
        folder = SuiteFolder.of(suite, out)
        folder.require(suite)
        return cls(suite, folder, tuple(only), data_dir)

    def found(self) -> dict[Cell, Found]:
        """Look up what there is of every cell of the suite."""
        return self.folder.found(cells_of(self.suite, data_dir=self.data_dir))

    def plan(self) -> list[Planned]:
        """List the cells to work on, with the median time of finished cells of the same entry."""
        found, versions = self.found(), installed_versions()
        known: dict[str, list[float]] = {}
        for cell, of in found.items():
            if of.seconds is not None and of.state(self.suite, versions)[0] in COMPLETE:
                known.setdefault(cell.entry, []).append(of.seconds)
        return [
            Planned(
                cell,
                *self._standing(of, versions),
                len(of.attempts),
                statistics.median(known[cell.entry]) if cell.entry in known else None,
            )
            for cell, of in found.items()
            if not self.only or cell.entry in self.only
        ]

    def _standing(self, found: Found, versions: Mapping[str, int]) -> tuple[str, str]:
        """The state and the reason for it; of a cell that is worked on, where."""
        state, reason = found.state(self.suite, versions)
        worker = worker_on(found.folder) if state == RUNNING else None
        return (state, f"process {worker[1]} on {worker[0]}") if worker is not None else (state, reason)

    def has_work(self) -> bool:
        """Whether anything is left to do."""
        return any(planned.state not in COMPLETE for planned in self.plan())

    def without_model(self, metrics: tuple[str, ...] | None = None, *, outdated: bool = False) -> list[Cell]:
        """List the cells that lack scores and cannot get them, since their models are not stored: published ones.

        Args:
            metrics: the scores that are wanted, by default those of the suite.
            outdated: whether scores of an older version of a metric are to be computed again.
        """
        suite, versions = self._asking(metrics), installed_versions()
        return [
            cell
            for cell, found in self.found().items()
            if found.lacks_model
            and (not self.only or cell.entry in self.only)
            and (found.missing(suite) != () or (outdated and found.outdated(suite, versions)))
        ]

    def faults(self, engine: Engine) -> list[Fault]:
        """List everything that is wrong; see `check_suite`."""
        return check_suite(self.suite, self.folder.path, engine, data_dir=self.data_dir, only=self.only)

    def warning(self, engine: Engine) -> Fault | None:
        """What is not wrong and takes very long; see `emulated_training`."""
        return emulated_training(self.suite, engine, self.only)

    def dry_run(self, engine: Engine, *, on_event: Callable[[Event | str], object] = lambda _event: None) -> bool:
        """Train each recipe for a few steps and compute each metric on few rows, in a folder that is then removed.

        Args:
            engine: what works on the cells.
            on_event: called as cells end, and with a line for each metric without a value, which says why.

        Returns:
            Whether a cell failed.
        """
        small = small_form(self.suite)
        with TemporaryDirectory(prefix="dbench-") as folder:
            dry = replace(self, suite=small, folder=SuiteFolder(Path(folder)))
            first: dict[str, Cell] = {}
            for cell in dry._cells():
                first.setdefault(cell.entry, cell)
            dry._drive(engine, small, list(first.values()), on_event=on_event)
            for line in without_value(dry.folder.found(first.values())):
                on_event(line)
            return exit_status(dry.table(), (), self.only) != 0

    def run(
        self,
        engine: Engine,
        *,
        fail_fast: bool = False,
        on_event: Callable[[Event], object] = lambda _event: None,
    ) -> SuiteTable:
        """Train and score what is missing.

        Args:
            engine: what works on the cells.
            fail_fast: stop at the first failure.
            on_event: called as cells end.

        Raises:
            DbenchError: the folder cannot be written, or is of another suite. KeyboardInterrupt: Ctrl-C.
        """
        with _resumable():
            self._drive(engine, self.suite, self._cells(), fail_fast=fail_fast, on_event=on_event)
        return self.kept_table()

    def rescore(
        self,
        engine: Engine,
        metrics: tuple[str, ...] | None = None,
        *,
        on_event: Callable[[Event], object] = lambda _event: None,
    ) -> SuiteTable:
        """Compute scores that are missing or of an older version, from what is trained and encoded; train nothing.

        Args:
            engine: what works on the cells.
            metrics: these, by default those of the suite.
            on_event: called as cells end.

        Returns:
            The table of these metrics; the one that the folder keeps is of the suite's.

        Raises:
            DbenchError: no such metric, the folder cannot be written. KeyboardInterrupt: Ctrl-C.
        """
        suite = self._asking(metrics)
        with _resumable():
            self._drive(engine, suite, self._cells(), trains=False, outdated=True, on_event=on_event)
        self.kept_table()
        return self.table(metrics)

    def _asking(self, metrics: tuple[str, ...] | None) -> Suite:
        """The suite, with other metrics if there are any."""
        if metrics is None:
            return self.suite
        for name in set(metrics) - {DEFAULT, ALL} - installed_versions().keys():
            from disentangle_bench.metrics import METRICS  # imports torch, which takes longer than to print a table

            METRICS.get(name)  # says why there is none
        return self.suite.with_metrics(metrics)

    def _cells(self) -> list[Cell]:
        return cells_of(self.suite, data_dir=self.data_dir, only=self.only)

    def _drive(self, engine: Engine, suite: Suite, cells: Sequence[Cell], **options: Any) -> None:
        self.folder.claim(self.suite)
        Driver(suite, self.folder, engine, installed_versions(), self.data_dir, **options).run(cells)

    def table(self, metrics: tuple[str, ...] | None = None, *, every: bool = False) -> SuiteTable:
        """Summarize what there is; a note names seeds that are there and not among those of the suite.

        Args:
            metrics: to show, by default those of the suite.
            every: a column for each of their scores; see `table_of`.

        Raises:
            DbenchError: no such metric.
        """
        found = self.found()
        table = table_of(self._asking(metrics), found, installed_versions(), every=every)
        others = self._other_seeds(found)
        listed = ",".join(map(str, others))
        note = f"Not shown: seed{'s' if len(others) > 1 else ''} {listed}, which `--seeds` adds."
        return replace(table, notes=(*table.notes, note)) if others else table

    def _other_seeds(self, shown: Collection[Cell]) -> list[int]:
        """List the other seeds at which the suite, as it is, has cells."""
        every = tuple(dict.fromkeys((*self.suite.seeds, *self.folder.seeds())))
        cells = cells_of(self.suite.with_seeds(every), data_dir=self.data_dir) if every != self.suite.seeds else []
        return sorted({cell.seed for cell in cells if cell not in shown and self.folder.cell(cell).is_dir()})

    def kept_table(self) -> SuiteTable:
        """Summarize what there is, and write `table.md` and `table.json` into the folder."""
        table = self.table()
        write_text(self.folder.path / "table.md", to_markdown(table))
        write_json(self.folder.path / "table.json", self.table(every=True).to_values())
        return table

    @property
    def accepted_file(self) -> Path:
        """Where accepted results are by default."""
        return self.folder.path / "accepted.json"

    def accept(self, path: Path | None = None) -> Accepted:
        """Write the scores that the table shows as the accepted results."""
        accepted = Accepted.of(self.table())
        accepted.save(path or self.accepted_file)
        return accepted

    def accepted(self, path: Path | None = None) -> Accepted | None:
        """Read the accepted results; None if there are none yet, or this is a variant, which is never compared.

        Args:
            path: of the file; by default that in the folder.

        Raises:
            DbenchError: they cannot be read, or are of another suite or version.
        """
        if self.suite.variant:
            return None
        return read_accepted(path or self.accepted_file, self.suite)

    def check_gates(self, table: SuiteTable, path: Path | None, *, required: bool = False) -> list[CheckedGate]:
        """Check the gates of the entries that were worked on.

        Args:
            table: of the results.
            path: of the accepted results; by default those in the folder.
            required: whether a gate that compares with accepted results has measured nothing if there are none yet.

        Raises:
            DbenchError: the accepted results cannot be read, or are of another suite.
        """
        gates = tuple(gate for gate in self.suite.gates if not self.only or gate.entry in self.only)
        suite = self.suite.model_copy(update={"gates": gates})
        without: Verdict | None = None if suite.variant else "NOTHING" if required else "SKIP"
        return check_gates(suite, table, self.accepted(path), without=without)


@contextmanager
def _resumable() -> Iterator[None]:
    """Say at Ctrl-C what it costs."""
    try:
        yield
    except KeyboardInterrupt:
        message = "Interrupted; what is done is kept, checkpoints included. The same command resumes."
        raise KeyboardInterrupt(message) from None


def exit_status(table: SuiteTable, gates: Sequence[CheckedGate], only: Sequence[str] = ()) -> int:
    """0 if all is well; 1 a cell failed; 4 a gate measured nothing; 3 a gate fell short."""
    if any(cell.state in (FAILED, TIMED_OUT) for cell in table.cells if not only or cell.entry in only):
        return EXIT_FAILED
    verdicts = {gate.verdict for gate in gates}
    return EXIT_NOTHING if "NOTHING" in verdicts else EXIT_FELL_SHORT if "FAIL" in verdicts else 0


def write_step_summary(table: SuiteTable, gates: Sequence[CheckedGate]) -> None:
    """Append the table and the gates to the summary that GitHub Actions shows, if it asks for one."""
    path = os.environ.get(STEP_SUMMARY)
    if path:
        with storage_errors(Path(path)), Path(path).open("a", encoding="utf-8") as file:
            file.write(to_markdown(table) + "".join(f"\n- {gate}" for gate in gates) + "\n")
