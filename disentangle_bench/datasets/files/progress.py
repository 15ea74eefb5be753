"""A bar for bytes that come or are checked and for images that are made, only where standard error is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray
from rich.console import Console


@contextmanager
def progress(description: str, total: int | None, done: int = 0) -> Iterator[Callable[[int], object]]:
    """A function that takes the number of further bytes and moves the bar by them.

    Args:
        description: stands before the bar.
        total: the number of all bytes, where known.
        done: those that there are already.
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


def with_progress(said: str, total: int, batches: Iterable[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """The batches, beside how many of `total` rows there have been; where there is no bar, one line says what is done.

    Args:
        said: what is done.
        total: the number of all rows.
        batches: arrays of some rows each.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    if not sys.stderr.isatty():
        say(said)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as shown:
        task = shown.add_task(said, total=total)
        for batch in batches:
            yield batch
            shown.advance(task, len(batch))


def say(message: str) -> None:
    """One message on standard error."""
    Console(stderr=True).print(message, soft_wrap=True, markup=False, highlight=False)
