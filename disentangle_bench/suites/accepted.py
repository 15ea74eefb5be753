"""Accepted results: what a suite gave when somebody looked and agreed; gates on a fall compare with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from disentangle_bench.errors import NewerSchemaError, SettingError
from disentangle_bench.provenance import provenance
from disentangle_bench.reports.suite_table import SuiteTable
from disentangle_bench.storage import storage_errors, write_json
from disentangle_bench.suites.suite import Suite

SCHEMA_VERSION = 1
SPREADS = 3.0
"""Standard deviations over seeds in a suggested tolerance."""


class AcceptedScore(BaseModel):
    """One score of one entry.

    Attributes:
        version: of the metric.
        seeds: seed -> value.
        sd: over the seeds; None for a single one.
        tolerance: a suggestion for `may_fall_by`.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    version: int
    seeds: dict[int, float]
    sd: float | None
    tolerance: float | None


class Accepted(BaseModel):
    """The file that `dbench bench accept` writes and `dbench bench run --accepted` reads."""

    schema_version: int = SCHEMA_VERSION
    suite: str
    version: int
    entries: dict[str, dict[str, AcceptedScore]]
    provenance: dict[str, Any]

    @classmethod
    def of(cls, table: SuiteTable) -> Self:
        """Accept what a table shows.

        Raises:
            SettingError: it is of a variant, which is never ranked with the suite, or it has no value.
        """
        if table.variant:
            raise SettingError(
                f"These results of {table.name} are of a variant.", "Accept those of the suite as it is."
            )
        versions = {column.score: column.version for column in table.columns}
        entries = {
            name: {
                score: AcceptedScore(
                    version=versions[score],
                    seeds={seed: value for seed, value in summary.values.items() if value is not None},
                    sd=summary.sd,
                    tolerance=None if summary.sd is None else SPREADS * summary.sd,
                )
                for score, summary in scores.items()
                if summary.mean is not None
            }
            for name, scores in table.entries.items()
        }
        if not any(entries.values()):
            raise SettingError(f"{table.name} has no results to accept.", "`dbench bench run` makes them.")
        return cls(suite=table.name, version=table.version, entries=entries, provenance=provenance())

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read accepted results.

        Raises:
            StorageError: no such file. SettingError: it is damaged. NewerSchemaError: it is of a newer schema.
        """
        with storage_errors(path, "read"):
            text = path.read_text(encoding="utf-8")
        try:
            values = json.loads(text)
            if isinstance(values, dict) and values.get("schema_version", 0) > SCHEMA_VERSION:
                raise NewerSchemaError(
                    f"{path} was written with schema {values['schema_version']}; this version reads up to "
                    f"{SCHEMA_VERSION}.",
                    "Upgrade with `pip install --upgrade disentangle-bench`.",
                )
            return cls.model_validate(values)
        except (ValueError, TypeError, RecursionError) as error:
            fault = error.errors()[0] if isinstance(error, ValidationError) else None
            why = f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" if fault else str(error)
            raise SettingError(
                f"{path} does not hold accepted results: {why}.", "`dbench bench accept` writes them."
            ) from error

    def require(self, suite: Suite, path: Path) -> None:
        """Make sure that these results are of a suite.

        Raises:
            SettingError: they are of another suite or version, or it is a variant.
        """
        mine = f"{self.suite}, version {self.version}"
        other = f"{suite.name}, version {suite.version}" + (", changed by --set" if suite.variant else "")
        if mine != other:
            raise SettingError(
                f"{path} holds accepted results of the suite {mine}; this is {other}.",
                "Leave --accepted out, or accept results of this suite with `dbench bench accept`.",
            )

    def find(self, entry: str, score: str) -> AcceptedScore | None:
        """The accepted score of an entry."""
        return self.entries.get(entry, {}).get(score)

    def save(self, path: Path) -> None:
        """Write the file, atomically."""
        if path.suffix.lower() != ".json":
            raise SettingError(
                f"Accepted results cannot be kept in {path}: they are JSON.", "Give a name ending in .json."
            )
        write_json(path, self.model_dump(mode="json"))


def read_accepted(path: Path, suite: Suite) -> Accepted | None:
    """Read the accepted results of a suite; None if there is no such file yet.

    Raises:
        StorageError: it cannot be read. SettingError: it is damaged or of another suite.
    """
    if not path.exists():
        return None
    accepted = Accepted.read(path)
    accepted.require(suite, path)
    return accepted


def suggestions(accepted: Mapping[str, Mapping[str, AcceptedScore]]) -> list[str]:
    """One line for each score: the tolerance that its spread over seeds suggests."""
    return [
        f"{entry}, {score}: may_fall_by = {of.tolerance:.2g}"
        for entry, scores in accepted.items()
        for score, of in scores.items()
        if of.tolerance is not None
    ]
