"""A run folder that is in no suite, seen as a cell is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from disentangle_bench.run import Run
from disentangle_bench.suites.attempts import COLLAPSED, DONE
from disentangle_bench.suites.state import STALE, WAITING, Found
from disentangle_bench.suites.suite import Suite


class FoundRun(Found):
    """What a run's folder holds. It is done once it has scores, whichever they are: nobody asked for certain ones."""

    @classmethod
    def of(cls, run: Run) -> Self:
        """Look into the folder of a run."""
        found = Found.of_files(run.path, run.results_file, run.provenance_file, ())
        return cls(found.folder, found.attempts, found.scores, found.subject, found.status)

    def state(self, suite: Suite, versions: Mapping[str, int]) -> tuple[str, str]:
        """The state and, if there is one, the reason for it."""
        if self.collapsed:
            return COLLAPSED, self.status.partition(": ")[2]
        if not self.scores:
            return WAITING, "not evaluated" if self.status == "ok" else self.status
        older = self.outdated(suite, versions)
        return (STALE, f"older version of {', '.join(older)}") if older else (DONE, "")
