"""Repeated work, in turn or spread over the processors."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import resource_tracker
from typing import TypeVar

from joblib import Parallel, cpu_count, delayed
from joblib.externals.loky.backend import resource_tracker as loky_tracker
from joblib.parallel import get_active_backend

PAYS = 10.0
"""Seconds of work that are worth starting processes for, each of which takes some for its imports."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Schedule:
    """How repeated work is done.

    Attributes:
        seconds: roughly what one call takes; None if unknown, then the first is timed.
        on_step: called as each result is there.
    """

    seconds: float | None = None
    on_step: Callable[[], object] = lambda: None

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Give the results for `items`, in order; from several processes if that pays, which changes no number.

        Processes, not threads: most of a metric's time goes into small steps that hold Python's lock. Work that is part
        of such work is not spread again.
        """
        left, seconds = list(items), self.seconds
        if seconds is None and left:
            begun = time.perf_counter()
            first = work(left.pop(0))
            seconds = time.perf_counter() - begun
            self.on_step()
            yield first
        processors = min(cpu_count(), len(left))
        results: Iterable[Result] = map(work, left)
        if processors > 1 and (seconds or 0) * len(left) >= PAYS and not get_active_backend()[0].nesting_level:
            results = in_processes(work, left, processors)
        for result in results:
            self.on_step()
            yield result


UNTIMED = Schedule()


def in_processes(work: Callable[[Item], Result], items: Iterable[Item], processes: int) -> Iterator[Result]:
    """Give the results for `items`, in order, from several processes, which exit when this one is gone.

    Args:
        work: what is done with each item.
        items: that can be pickled.
        processes: how many.
    """
    workers = Parallel(n_jobs=processes, backend="loky", return_as="generator")
    with _without_interrupts():
        results: Iterator[Result] = workers(delayed(_watched)(work, item, os.getpid()) for item in items)
    return results


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait, in processes started in the block for good: a terminal sends it to all processes, and each of
    them would show a traceback while this one ends it.
    """
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    for tracker in (resource_tracker, loky_tracker):
        tracker.ensure_running()  # which would let signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _watched(work: Callable[[Item], Result], item: Item, parent: int) -> Result:
    if os.getpid() != parent:
        _exit_without(parent)
    return work(item)


@cache
def _exit_without(parent: int) -> None:
    """Let this process end soon after its parent: killed, that would leave it to wait for more work for minutes."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
