"""The folder of a suite's results."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from disentangle_bench.errors import RunError, SettingError, UnknownNameError
from disentangle_bench.storage import parse_json, storage_errors, write_json
from disentangle_bench.suites.cell import Cell
from disentangle_bench.suites.find import find_suite
from disentangle_bench.suites.state import Found
from disentangle_bench.suites.suite import Suite

_FOLDER = re.compile(r"seed-(\d+)-[0-9a-f]{8}")
HOME = Path("runs") / "bench"
"""Where the results of suites are by default."""


@dataclass(frozen=True)
class SuiteFolder:
    """The results of one suite: `suite.json` says of which, and `cells/ENTRY/seed-N-IDENTITY/` hold them.

    Cells of other seeds, and of earlier forms of an entry, stay where they are; the suite shows what is its own.
    """

    path: Path

    @classmethod
    def of(cls, suite: Suite, path: Path | None = None) -> SuiteFolder:
        """Find the folder of a suite; by default it bears the suite's name."""
        return cls(path or HOME / suite.label)

    @property
    def description(self) -> Path:
        return self.path / "suite.json"

    def cell(self, cell: Cell) -> Path:
        """The folder of a cell."""
        return self.path / "cells" / cell.place

    def found(self, cells: Iterable[Cell]) -> dict[Cell, Found]:
        """Look up what there is of each cell."""
        return {cell: Found.in_folder(self.cell(cell)) for cell in cells}

    def cell_folders(self) -> list[Path]:
        """List the folders of all cells, whatever suite they are of by now."""
        return sorted(path for path in self.path.glob("cells/*/*") if _FOLDER.fullmatch(path.name))

    def seeds(self) -> list[int]:
        """List the seeds that have cells."""
        return sorted({int(match[1]) for path in self.cell_folders() if (match := _FOLDER.fullmatch(path.name))})

    def claim(self, suite: Suite) -> None:
        """Make the folder if need be, and make sure that it is of this suite.

        Raises:
            SettingError: it holds results of another suite or variant, or other files. StorageError: no permission.
        """
        self.require(suite)
        write_json(self.description, {"schema_version": 1, **suite.described()})

    def suite(self) -> Suite:
        """Read which suite the results are of, with the seeds and the variant that were run last.

        Raises:
            RunError: the folder holds no results of a suite. SettingError: its description is damaged, or of an older
                version that kept only the name, and no suite of the package has it.
        """
        self.require_results()
        try:
            values = parse_json(self.description.read_text(encoding="utf-8"))
            kept, variant, file = values.get("suite"), dict(values["variant"]), values.get("file")
            seeds = values.get("file_seeds")
            if kept is None:
                return find_suite(str(values["name"])).with_settings(variant)
            suite = Suite.model_validate(kept).placed(None if file is None else Path(file)).with_settings(variant)
            return suite if seeds is None else suite.with_seeds(tuple(seeds))
        except UnknownNameError as error:
            raise SettingError(
                f"{self.path} does not say what its suite {values['name']!r} is.",
                "Give the suite's .toml file, and this folder with --results.",
            ) from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingError(f"{self.description} is damaged: {error}.", "`dbench bench run` writes it.") from error

    def require_results(self) -> None:
        """Make sure that the folder holds results of some suite.

        Raises:
            RunError: it does not.
        """
        if not self.description.is_file():
            raise RunError(f"{self.path} holds no results of a suite.", "Give the folder that `dbench bench run` made.")

    def require(self, suite: Suite, *, version: bool = False) -> None:
        """Make sure that the folder, if it is there, holds results of this suite, or nothing.

        Args:
            suite: whose results it must hold.
            version: whether it must be of the same version, too.

        Raises:
            SettingError: it does not. StorageError: it must not be read.
        """
        if not self.description.is_file():
            if self.path.is_dir() and any(not path.name.startswith(".") for path in self.path.iterdir()):
                raise SettingError(
                    f"{self.path} holds files, but no results of a suite.",
                    "Give another folder with --out, or empty it.",
                )
            return
        with storage_errors(self.description, "read"):
            text = self.description.read_text(encoding="utf-8")
        try:
            values = json.loads(text)
            owner, variant, of = str(values["name"]), dict(values["variant"]), values["version"]
        except (ValueError, KeyError, TypeError) as error:
            raise SettingError(f"{self.description} is damaged: {error}.", "Delete that file.") from error
        if (owner, variant) != (suite.name, json.loads(json.dumps(dict(suite.variant), default=str))):
            whose = f"the suite {owner!r}" if owner != suite.name else "another variant of this suite"
            raise SettingError(f"{self.path} holds results of {whose}.", "Give another folder with --out.")
        if version and of != suite.version:
            raise SettingError(
                f"{self.path} holds results of {owner}, version {of}; this is version {suite.version}.",
                "Give another folder.",
            )
