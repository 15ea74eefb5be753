"""Progress bars for bytes and images, only if standard error is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray
from rich.console import Console


@contextmanager
def progress(description: str, total: int | None, done: int = 0) -> Iterator[Callable[[int], object]]:
    """Yield a function that takes the number of further bytes and moves the bar by them.

    Args:
        description: stands before the bar.
        total: the number of all bytes, where known.
        done: those before.
    """
    if not sys.stderr.isatty():
        yield lambda _further: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(description, total=total, completed=done)
        yield lambda further: shown.advance(task, further)


def with_progress(description: str, total: int, batches: Iterable[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """Yield the batches, with a bar of how many of `total` rows are done, or one line if there is no bar.

    Args:
        description: stands before the bar, or is the line.
        total: the number of all rows.
        batches: arrays of some rows each.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    if not sys.stderr.isatty():
        say(description)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as shown:
        task = shown.add_task(description, total=total)
        for batch in batches:
            yield batch
            shown.advance(task, len(batch))


def say(message: str) -> None:
    """Print a message on standard error."""
    Console(stderr=True).print(message, soft_wrap=True, markup=False, highlight=False)
