"""Metrics, as `dbench list` and `dbench show` print them: in groups by what they ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, ClassVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from disentangle_bench.cli.kinds.kind import Kind, Sheet, first_paragraph


class Metrics(Kind):
    """The metrics."""

    headings: ClassVar[Sequence[str]] = ("Metric", "Group", "What it says", "Needs", "Slow", "Default", "Source")
    brief = 3

    def names(self) -> Iterable[str]:
        from disentangle_bench.metrics import METRICS

        return METRICS

    def row(self, name: str) -> tuple[Any, ...]:
        from disentangle_bench.metrics import METRICS, info_of
        from disentangle_bench.metrics.groups import group_of

        function = METRICS.get(name)
        info = info_of(function)
        needs = ", ".join(info.needs)
        return name, group_of(function), info.summary, needs, info.slow, info.default, info.source

    def sheet(self, name: str) -> Sheet:
        from disentangle_bench.metrics import METRICS, info_of
        from disentangle_bench.metrics.groups import group_of

        function = METRICS.get(name)
        info = info_of(function)
        lines = {
            "group": group_of(function),
            "better": info.better,
            "bounds": say_bounds(*info.bounds),
            "unit": info.unit or "none",
            "needs": ", ".join(info.needs),
            "uses": ", ".join(info.uses) or "nothing else",
            "version": str(info.version),
            "source": info.source,
            "code": f"{function.__module__}.{function.__qualname__}",
        }
        return Sheet(first_paragraph(function), lines, settings=info.settings)

    def layout(self, entries: Sequence[Mapping[str, Any]]) -> RenderableType:
        """Lay out the metrics of each group below its name, with what each needs.

        Marked are metrics that are slow, and those that are computed only on request.
        """
        from disentangle_bench.metrics.groups import GROUPS

        parts: list[RenderableType] = []
        for group, members in groupby(entries, key=lambda entry: str(entry["Group"])):
            grid = Table.grid(padding=(0, 2, 0, 0))
            grid.add_column(style="cyan", no_wrap=True)
            grid.add_column(overflow="fold")
            for entry in members:
                marks = [*(["slow"] if entry["Slow"] else []), *([] if entry["Default"] else ["on request"])]
                needs = f" Needs {entry['Needs']}{'; ' if marks else ''}{', '.join(marks)}."
                grid.add_row(f"  {entry['Metric']}", Text(entry["What it says"]).append(needs, "dim"))
            heading = Text(group, "bold").append(f": {GROUPS[group]}", "not bold")
            parts += [*([Text()] if parts else []), heading, grid]
        return Group(*parts)


def say_bounds(low: float | None, high: float | None) -> str:
    """Between which values a score lies."""
    if low is None:
        return "none" if high is None else f"up to {high:g}"
    return f"from {low:g}" if high is None else f"{low:g} to {high:g}"
