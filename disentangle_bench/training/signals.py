"""Ctrl-C and requests to terminate: no step is left half done, and no process without a word."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM)
ORPHANED = 1
"""The exit code of a process of a run whose first process is gone."""

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def handled(handler: Handler) -> Iterator[None]:
    """Let `handler` answer Ctrl-C and requests to terminate; in a side thread, where Python allows none, nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOPPING}
    # Whoever ignores one, means it.
    heeded = [number for number, now in before.items() if now not in (signal.SIG_IGN, _end_if_orphaned)]
    for number in heeded:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, before[number] or signal.SIG_DFL)


def interrupt(number: int, frame: FrameType | None) -> None:
    """A handler: stop here."""
    raise KeyboardInterrupt


@contextmanager
def stop_requests() -> Iterator[threading.Event]:
    """An event that the first request sets, for a loop to end at a good place; the second does not wait for that."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    with handled(ask):
        yield stop


@contextmanager
def forwarded(processes: Sequence[BaseProcess]) -> Iterator[threading.Event]:
    """Pass requests on to `processes`, and wait for how they end; the event says that there was one."""
    asked = threading.Event()

    def forward(number: int, frame: FrameType | None) -> None:
        asked.set()
        for process in processes:
            process.terminate()

    with handled(forward):
        yield asked


@contextmanager
def held_back() -> Iterator[None]:
    """Requests wait until the block ends, and in processes that start in it until they `heed_the_first_process`."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


def heed_the_first_process() -> None:
    """In another process of a run: take requests from the first one only, and end at once when that one is gone.

    The terminal's Ctrl-C reaches all processes, and would count twice. SIGINT is also what PyTorch has the system
    send when the first process dies; nobody holds the run's lock then, so nothing more may be written.
    """
    signal.signal(signal.SIGINT, _end_if_orphaned)
    signal.signal(signal.SIGTERM, interrupt)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


def heed_nothing() -> None:
    """In a process of a run that is ending anyway."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)


def _end_if_orphaned(number: int, frame: FrameType | None) -> None:
    first = parent_process()
    if first is None or os.getppid() != first.pid:
        os._exit(ORPHANED)
