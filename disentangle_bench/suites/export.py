"""Publish the results of a suite: a folder that prints the same table without models, small enough for a repository."""

from __future__ import annotations

import filecmp
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from disentangle_bench.errors import SettingError
from disentangle_bench.run import Run
from disentangle_bench.storage import storage_errors
from disentangle_bench.suites.attempts import CANCELLED, FAILED, TIMED_OUT, read_attempts
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.cell import Cell, cells_of
from disentangle_bench.suites.folder import SuiteFolder
from disentangle_bench.suites.published import write_published
from disentangle_bench.suites.state import RUNNING, WAITING, Found
from disentangle_bench.suites.versions import installed_versions

UNFINISHED = (WAITING, RUNNING, CANCELLED)
WITHOUT_RESULT = (FAILED, TIMED_OUT)


@dataclass(frozen=True)
class Export:
    """What is copied from the folder of a suite's results into a published one.

    Attributes:
        bench: the suite with its results.
        target: the published folder, which may hold cells already.
        replace: whether published cells may go: for others of the same seed, or of an earlier form of their entry.
        processor: the name of the processor, for runs that do not have it on record.
        on_event: called with what becomes of each cell.
    """

    bench: Bench
    target: SuiteFolder
    replace: bool = False
    processor: str = ""
    on_event: Callable[[str], object] = lambda _text: None

    def __call__(self) -> Bench:
        """Copy every cell that has ended, of whatever seed; collapsed and failed ones too.

        Returns:
            The suite with the published folder, and all seeds that are there.

        Raises:
            SettingError: there is nothing to publish, the folder is of another suite or version, or published cells
                would be lost and may not go.
            StorageError: no space, no permission.
        """
        suite = self.bench.suite
        self._require_other_folder()
        self.target.require(suite, version=True)
        seeds = sorted({*suite.seeds, *self.bench.folder.seeds(), *self.target.seeds()})
        whole = suite.with_seeds(tuple(seeds))
        cells = cells_of(whole, data_dir=self.bench.data_dir)
        chosen = {cell: found for cell, found in self.bench.folder.found(cells).items() if self._is_chosen(cell, found)}
        if not chosen and not self.target.cell_folders():
            raise SettingError(
                f"No cell in {self.bench.folder.path} has ended, so there is nothing to publish.",
                f"`dbench bench status {suite.argument}` shows how they stand.",
            )
        current = {self.target.cell(cell) for cell in cells}
        obsolete = [folder for folder in self.target.cell_folders() if folder not in current]  # which it would not show
        self._require_kept(chosen, obsolete)
        file = suite.file
        self.target.claim(whole if file is None else whole.model_copy().placed(Path(file.name)))
        for cell in chosen:
            self._publish(cell)
        for folder in obsolete:
            with storage_errors(folder, "delete"):
                shutil.rmtree(folder)
            self.on_event(f"{_name(folder)}: removed, it is of an earlier form of the entry")
        return Bench(whole, self.target, data_dir=self.bench.data_dir)

    def _require_other_folder(self) -> None:
        if self.target.path.resolve() == self.bench.folder.path.resolve():
            raise SettingError(
                f"{self.target.path} holds the results themselves.", "Give another folder to publish them in."
            )
        if not self.bench.folder.description.is_file():
            raise SettingError(
                f"{self.bench.folder.path} holds no results of {self.bench.suite.name}.",
                f"`dbench bench run {self.bench.suite.argument}` makes them; --out names the folder.",
            )

    def _is_chosen(self, cell: Cell, found: Found) -> bool:
        """Whether a cell has ended, and not worse than the published one."""
        state, _ = found.state(self.bench.suite, installed_versions())
        published = Found.in_folder(self.target.cell(cell))
        if not found.folder.is_dir():
            return False
        if state in UNFINISHED:
            self.on_event(f"{cell.name}: left out, it is {state}")
            return False
        if state in WITHOUT_RESULT and published.scores:
            self.on_event(f"{cell.name}: {state}; the published one stays")
            return False
        return True

    def _require_kept(self, chosen: dict[Cell, Found], obsolete: list[Path]) -> None:
        retrained = [cell.name for cell in chosen if self._is_retrained(cell)]
        lost = [f"{_name(folder)} (of an earlier form of the entry)" for folder in obsolete]
        if not self.replace and (retrained or lost):
            raise SettingError(
                f"{self.target.path} would lose what is published of {', '.join([*retrained, *lost])}: "
                "no seed may be trained again until it looks good.",
                "Give --replace if all were trained again; attempts are counted.",
            )

    def _is_retrained(self, cell: Cell) -> bool:
        """Whether the published cell has another model than this one."""
        before, now = (Run(folder.cell(cell) / "run") for folder in (self.target, self.bench.folder))
        if not before.provenance_file.is_file() or not now.provenance_file.is_file():
            return False
        published = before.provenance().get("model_sha256")
        return published is not None and published != now.provenance().get("model_sha256")

    def _publish(self, cell: Cell) -> None:
        """Write the cell beside the published one, if there is one, and put it in its place."""
        place = self.target.cell(cell)
        for leftover in place.parent.glob(f".{place.name}.*"):
            shutil.rmtree(leftover, ignore_errors=True)
        new, old = (place.with_name(f".{place.name}.{secrets.token_hex(4)}") for _ in range(2))
        run = Run(place / "run")
        known = run.provenance().get("processor", "") if run.provenance_file.is_file() else ""
        write_published(self.bench.folder.cell(cell), new, read_attempts(place), self.processor or known)
        with storage_errors(place):
            if _same(new, place):
                shutil.rmtree(new)
                return
            there = place.is_dir()
            if there:
                place.rename(old)
            new.rename(place)
            if there:
                shutil.rmtree(old)
        self.on_event(f"{cell.name}: {'replaced' if there else 'published'}")


def _name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name.rpartition('-')[0]}"


def _same(first: Path, second: Path) -> bool:
    """Whether two folders hold the same files with the same bytes."""
    files = [{path.relative_to(root) for path in root.rglob("*") if path.is_file()} for root in (first, second)]
    return files[0] == files[1] and all(filecmp.cmp(first / file, second / file, shallow=False) for file in files[0])
