"""Suites, as `dbench list` and `dbench show` print them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from disentangle_bench.cli.kinds.kind import Kind, Sheet


class Suites(Kind):
    """The suites that come with the package."""

    headings: ClassVar[Sequence[str]] = ("Suite", "Entries", "Seeds", "What it is")
    brief = 4

    def names(self) -> Iterable[str]:
        from disentangle_bench.suites.find import suite_names

        return suite_names()

    def row(self, name: str) -> tuple[Any, ...]:
        from disentangle_bench.suites.find import find_suite

        suite = find_suite(name)
        return name, len(suite.entries), len(suite.seeds), suite.title

    def sheet(self, name: str) -> Sheet:
        from disentangle_bench.suites.find import find_suite

        suite = find_suite(name)
        metrics = suite.metrics if isinstance(suite.metrics, str) else ", ".join(suite.metrics)
        info = {
            "version": str(suite.version),
            "entries": ", ".join(suite.entries),
            "baseline": suite.baseline or "none",
            "seeds": ", ".join(map(str, suite.seeds)),
            "metrics": metrics,
            "gates": str(len(suite.gates)),
        }
        return Sheet(suite.title, info)
