"""The work on one cell: train, then score, with every attempt and its outcome on record."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from io import BufferedWriter, FileIO, TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from disentangle_bench.errors import DbenchError
from disentangle_bench.recipe import Recipe
from disentangle_bench.run import Run
from disentangle_bench.storage import storage_errors
from disentangle_bench.suites import synthetic
from disentangle_bench.suites.attempts import (
    CANCELLED,
    COLLAPSED,
    DONE,
    FAILED,
    TIMED_OUT,
    Attempt,
    heartbeat,
    is_beating,
    read_attempts,
    write_attempts,
)
from disentangle_bench.suites.order import Order
from disentangle_bench.suites.state import Found
from disentangle_bench.suites.versions import installed_versions

PAUSE = 0.05
"""Seconds between two looks at a cell whose lock another process holds."""


class Outcome(NamedTuple):
    """How an attempt ended and, if not well, why."""

    state: str
    reason: str = ""


def work(folder: Path, *, orphan_stops: bool = False) -> None:
    """Do what the order in a cell's folder says; the outcome is written there, whatever happens.

    A cell that another process is at work on is left alone, and so is one that another driver's worker has completed.

    Args:
        folder: of the cell.
        orphan_stops: stop, as at Ctrl-C, once the process that started this one has ended.

    Raises:
        StorageError: the outcome cannot be written. RunError: the order is damaged. KeyboardInterrupt: Ctrl-C; it is
            recorded as cancelled.
    """
    lock = FileLock(folder / ".lock")
    while True:
        with storage_errors(folder), suppress(Timeout):
            lock.acquire(timeout=0)
            break
        if is_beating(folder):
            return
        time.sleep(PAUSE)  # it has begun, and its heartbeat does not show yet; or it is about to end
    try:
        _attempt(folder, orphan_stops)
    finally:
        lock.release()


def _attempt(folder: Path, orphan_stops: bool) -> None:
    order = Order.read(folder)
    if order.is_met(Found.in_folder(folder), installed_versions()):
        return
    attempt = Attempt.begin()
    before = read_attempts(folder)
    write_attempts(folder, [*before, attempt])
    with heartbeat(folder, attempt, interrupt_this_process if orphan_stops else None), logged(folder / "worker.log"):
        outcome = _outcome(order, folder)
    asked = order.asked if outcome.state in (DONE, COLLAPSED) else ""
    write_attempts(folder, [*before, attempt.end(*outcome, asked)])
    if outcome.state == CANCELLED:
        raise KeyboardInterrupt


def _outcome(order: Order, folder: Path) -> Outcome:
    """Train and score a cell; whatever is raised becomes a reason."""
    run = Run(folder / "run")
    try:
        with time_limit(order.training.minutes) as expired:
            reason = _train_and_score(order, folder, run)
    except KeyboardInterrupt:
        late = f"it took more than {order.training.minutes:g} minutes" if expired.is_set() else ""
        return Outcome(TIMED_OUT, late) if late else Outcome(CANCELLED)
    except DbenchError as error:
        print(error, file=sys.stderr)  # noqa: T201 - into the cell's log
        collapse = _collapse(run)
        return Outcome(COLLAPSED, collapse) if collapse else Outcome(FAILED, error.problem)
    except Exception as error:  # noqa: BLE001 - a cell's failure, a plug-in's bug included, must not stop others
        traceback.print_exc()
        return Outcome(FAILED, f"{type(error).__name__}: {error}")
    if reason:
        return Outcome(FAILED, reason)
    collapse = _collapse(run)
    return Outcome(COLLAPSED, collapse) if collapse else Outcome(DONE)


def _train_and_score(order: Order, folder: Path, run: Run) -> str:
    """Do the work that is missing; returns which metrics raised an exception, if any did."""
    import torch

    from disentangle_bench.workflow.evaluate import evaluate
    from disentangle_bench.workflow.train import train

    training, evaluation = order.training, order.evaluation
    torch.set_num_threads(training.threads)
    if order.recipe is not None and order.trains:
        train(
            Recipe.parse(order.recipe),
            seed=order.seed,
            out=run.path,
            device=training.device,
            precision=training.precision,
            compile=training.compile,
            resume=True,
            data_dir=order.data_dir,
        )
    codes = order.file
    if order.synthetic is not None:
        codes = folder / synthetic.FILE
        order.synthetic.draw(order.seed).save(codes)
    results = evaluate(
        run.path if codes is None else codes,
        order.metrics,
        settings=order.metric_settings,
        common=order.asks_for_set,
        seed=evaluation.seed,
        rows=evaluation.rows,
        device=training.device,
        data_dir=order.data_dir,
        bootstrap=evaluation.bootstrap,
        levels=evaluation.levels,
        out=None if codes is None else folder / "results.json",
        figures=False,
        on_progress=lambda event: print(event, file=sys.stderr, flush=True),  # noqa: T201 - into the cell's log
    )
    return f"no value, because of an exception: {', '.join(results.failed)}" if results.failed else ""


def _collapse(run: Run) -> str:
    """Why the training collapsed, if it did."""
    if not run.provenance_file.is_file():
        return ""
    state, _, reason = run.status.partition(": ")
    return reason or state if state == COLLAPSED else ""


@contextmanager
def time_limit(minutes: float | None) -> Iterator[threading.Event]:
    """Interrupt this process, as Ctrl-C does, after so many minutes; the event says that this has happened."""
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        interrupt_this_process()

    timer = None if minutes is None else threading.Timer(minutes * 60, expire)
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        yield expired
    finally:
        if timer is not None:
            timer.cancel()


def interrupt_this_process() -> None:
    """Do as Ctrl-C does: training saves a checkpoint, evaluation keeps what is done."""
    os.kill(os.getpid(), signal.SIGINT)


@contextmanager
def logged(path: Path) -> Iterator[None]:
    """Append what this process and its libraries write to standard error to a file, as far as there is space for it.

    Raises:
        StorageError: the file cannot be opened.
    """
    with storage_errors(path):
        log = _Log(path, "a")
    sys.stderr.flush()
    before = os.dup(2)
    os.dup2(log.fileno(), 2)
    try:
        with TextIOWrapper(BufferedWriter(log), line_buffering=True) as text, redirect_stderr(text):
            yield
    finally:
        os.dup2(before, 2)
        os.close(before)


class _Log(FileIO):
    """A file into which anything can be written: on a full disk it is lost, which must not end the work."""

    def write(self, data: Any, /) -> int:
        with suppress(OSError):
            return super().write(data)
        return memoryview(data).nbytes
