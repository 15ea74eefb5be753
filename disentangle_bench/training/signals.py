"""Ctrl-C and requests to terminate: every process finishes the step that it is in."""

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
"""The exit status of a process of a run whose first process has died."""

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def handled(handler: Handler) -> Iterator[None]:
    """Handle Ctrl-C and requests to terminate; in other threads than the main one, Python allows no handlers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOPPING}
    # A signal that is ignored was meant to be.
    heeded = [number for number, now in before.items() if now not in (signal.SIG_IGN, _end_if_orphaned)]
    for number in heeded:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, before[number] or signal.SIG_DFL)


def interrupt(number: int, frame: FrameType | None) -> None:
    """Handle a signal by stopping here."""
    raise KeyboardInterrupt


@contextmanager
def stop_requests() -> Iterator[threading.Event]:
    """Give an event that the first request sets, so that a loop can end after its step; a second one interrupts."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    with handled(ask):
        yield stop


@contextmanager
def forwarded(processes: Sequence[BaseProcess]) -> Iterator[threading.Event]:
    """Forward requests to `processes`; the event says that there was one."""
    asked = threading.Event()

    def forward(number: int, frame: FrameType | None) -> None:
        asked.set()
        for process in processes:
            process.terminate()

    with handled(forward):
        yield asked


@contextmanager
def held_back() -> Iterator[None]:
    """Defer requests to the end of the block, and in processes started in it until they `heed_the_first_process`."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


def heed_the_first_process() -> None:
    """In another process of a run, take requests from the first one only, and exit at once when that one dies.

    The terminal's Ctrl-C reaches all processes and would count twice. SIGINT is also what PyTorch makes the system
    send when the first process dies; then nobody holds the run's lock, so nothing more may be written.
    """
    signal.signal(signal.SIGINT, _end_if_orphaned)
    signal.signal(signal.SIGTERM, interrupt)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


def heed_nothing() -> None:
    """Ignore requests in a process that is about to exit."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)


def _end_if_orphaned(number: int, frame: FrameType | None) -> None:
    first = parent_process()
    if first is None or os.getppid() != first.pid:
        os._exit(ORPHANED)
