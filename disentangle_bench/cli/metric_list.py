"""The metrics on a terminal, in groups by what they ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text


def metric_list(entries: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Lay out the listing: below the name of each group its metrics, with what each needs.

    Marked are metrics that are slow, and those that are computed only on request.

    Args:
        entries: heading -> cell of each metric, those of a group together.
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
        parts += [*([Text()] if parts else []), Text(group, "bold").append(f": {GROUPS[group]}", "not bold"), grid]
    return Group(*parts)
