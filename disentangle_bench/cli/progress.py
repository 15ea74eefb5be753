"""An evaluation's progress on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from click import get_current_context
from rich.console import Console

from disentangle_bench.cli.output import pictured, say

if TYPE_CHECKING:
    from disentangle_bench.cli.live_table import LiveTable
    from disentangle_bench.evaluation.progress import Event, OnProgress

QUIET = 15.0
"""Seconds after which a plain line says how far a metric is."""


@contextmanager
def watch(table: LiveTable | None = None) -> Iterator[OnProgress]:
    """Show what an evaluation reports, and with `--debug` the traceback of every metric that failed.

    Args:
        table: to be printed row by row above the bar.
    """
    console = Console(stderr=True, highlight=False, markup=False, emoji=False) if table is None else table.console
    with _bar(console, table) if console.is_terminal else _lines() as on_progress:
        yield on_progress


@contextmanager
def _lines() -> Iterator[OnProgress]:
    from disentangle_bench.evaluation.progress import Advanced

    last = time.monotonic()

    def show(event: Event) -> None:
        nonlocal last
        if isinstance(event, Advanced) and time.monotonic() < last + QUIET:
            return
        last = time.monotonic()
        say(str(event))
        _print_traceback(event)

    yield show


@contextmanager
def _bar(console: Console, table: LiveTable | None) -> Iterator[OnProgress]:
    """A bar over the predicted seconds, and above it the rows, or else a line, for each metric that is done."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from disentangle_bench.evaluation.progress import Advanced, Planned, Scored, Started, Working

    what = TextColumn("{task.description}", markup=False)
    columns = (what, BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[left]}"))
    begun = time.monotonic()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Loading", total=None, left="")

        def show(event: Event) -> None:
            elapsed = time.monotonic() - begun
            if isinstance(event, Started | Working):
                text = event.metric if isinstance(event, Started) else event.text
                bar.update(task, description=pictured(text).plain)
            elif isinstance(event, Advanced):
                bar.update(task, description=f"{event.metric} {event.done}/{event.total}", completed=elapsed)
            elif isinstance(event, Scored):
                left = _TimeLeft(begun + elapsed + event.remaining) if event.remaining else ""
                bar.update(task, completed=elapsed, total=elapsed + event.remaining, left=left)
                if table is not None:
                    table.add(event.metric, event.scores)
                elif not event.kept:
                    console.print(pictured(str(event)))
                _print_traceback(event)
            elif isinstance(event, Planned):
                if table is not None:
                    table.begin(event)
                else:
                    console.print(pictured(str(event)), style="dim")
                bar.update(task, total=elapsed + event.seconds, left=_TimeLeft(begun + elapsed + event.seconds))
            else:
                console.print(pictured(str(event)), style="dim")

        yield show


@dataclass(frozen=True)
class _TimeLeft:
    """What is left until a moment of the monotonic clock, in words whenever it is shown."""

    end: float

    def __str__(self) -> str:
        from disentangle_bench.evaluation.forecast import in_words

        left = self.end - time.monotonic()
        return f"about {in_words(left)} left" if left > 0 else "longer than expected"


def _print_traceback(event: Event) -> None:
    error = getattr(event, "error", None)
    if error is not None and get_current_context().find_root().params["debug"]:
        traceback.print_exception(error)
