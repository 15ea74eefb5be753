"""Take cells that are finished elsewhere: one of the same identity has the same result, whatever suite it is of."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from disentangle_bench.run import Run
from disentangle_bench.storage import storage_errors
from disentangle_bench.suites.attempts import is_beating
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.cell import Cell
from disentangle_bench.suites.folder import SuiteFolder
from disentangle_bench.suites.state import COMPLETE, RUNNING, Found
from disentangle_bench.suites.versions import installed_versions

LEFT_OUT = shutil.ignore_patterns(".lock", "heartbeat.json", "order.json")
"""What belongs to the process that works on a cell, and to the suite that ordered it."""


@dataclass(frozen=True)
class Reuse:
    """Cells of a suite that are not begun, and are finished in folders of other suites' results, or of published ones.

    Their recipe, data, seed, precision, threads and version of training are the same, as their names' hash says. What
    is trained is scored by the metrics that it lacks; published cells are taken only with all scores.

    Attributes:
        bench: the suite with its results.
        sources: folders of results; of cells that several have, the first counts.

    Raises:
        RunError: a source holds no results of a suite.
    """

    bench: Bench
    sources: tuple[Path, ...]

    def __post_init__(self) -> None:
        for source in self.sources:
            SuiteFolder(source).require_results()

    def __call__(self, on_event: Callable[[str], object] = lambda _text: None) -> None:
        """Copy every such cell whole; one that is copied in part is never seen.

        Args:
            on_event: called with a line for each cell that is taken, and for each source without any.

        Raises:
            DbenchError: no space, no permission, or the folder is of another suite.
        """
        if not self.sources:
            return
        self.bench.folder.claim(self.bench.suite)
        taken = dict(self._usable())
        for cell, folder in taken.items():
            copy_cell(folder, self.bench.folder.cell(cell))
            on_event(f"{cell.name}: taken from {source_of(folder)}")
        for source in set(self.sources) - {source_of(folder) for folder in taken.values()}:
            on_event(f"{source} has no finished cell that {self.bench.suite.name} lacks.")

    def reasons(self) -> dict[Cell, str]:
        """What a list of cells says of those that would be taken."""
        return {cell: f"would be taken from {source_of(folder)}" for cell, folder in self._usable()}

    def _usable(self) -> Iterator[tuple[Cell, Path]]:
        for cell, there in self.bench.found().items():
            is_begun = is_beating(there.folder) or (there.folder / "run").exists() or bool(there.scores)
            if is_begun or (self.bench.only and cell.entry not in self.bench.only):
                continue
            candidates = (path for source in self.sources for path in source.glob(f"cells/*/{Path(cell.place).name}"))
            found = next((path for path in candidates if self._is_finished(path)), None)
            if found is not None:
                yield cell, found

    def _is_finished(self, folder: Path) -> bool:
        """Whether nothing is left to train, and the scores are there or can be computed."""
        found = Found.in_folder(folder)
        state, _ = found.state(self.bench.suite, installed_versions())
        return state in COMPLETE or (state != RUNNING and Run(folder / "run").model_file.is_file())


def source_of(folder: Path) -> Path:
    """The folder of results that a cell's folder is in."""
    return folder.parents[2]


def copy_cell(folder: Path, target: Path) -> None:
    """Copy a cell beside its place and put it there, so that it is there as a whole or not at all.

    Raises:
        StorageError: no space, no permission.
    """
    new = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    with storage_errors(target):
        try:
            shutil.copytree(folder, new, ignore=LEFT_OUT)
            shutil.rmtree(target, ignore_errors=True)  # at most an order that nobody has begun on
            new.rename(target)
        except OSError:
            shutil.rmtree(new, ignore_errors=True)
            raise
