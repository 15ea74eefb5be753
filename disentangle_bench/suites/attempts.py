"""The attempts at a cell, and the heartbeat of the process that is at work on it."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from disentangle_bench.errors import DbenchError
from disentangle_bench.storage import parse_json, write_json

BEAT = 10.0
"""Seconds between two heartbeats."""
SILENCE = 90.0
"""Seconds without a heartbeat after which a process on another machine counts as gone."""
DONE, COLLAPSED, FAILED, TIMED_OUT, CANCELLED = "done", "collapsed", "failed", "timed-out", "cancelled"


@dataclass(frozen=True)
class Attempt:
    """One attempt at a cell.

    Attributes:
        host, pid: of the process; neither is published.
        began, ended: seconds since the epoch; an attempt without an end was killed, or is under way.
        outcome: done, collapsed, failed, timed-out or cancelled.
        reason: why it is not done.
        asked: hash of the set of metrics that it computed completely.
    """

    began: float
    ended: float | None = None
    outcome: str = ""
    reason: str = ""
    asked: str = ""
    host: str = ""
    pid: int = 0

    @classmethod
    def begin(cls) -> Attempt:
        """Begin one in this process."""
        return cls(time.time(), host=socket.gethostname(), pid=os.getpid())

    def end(self, outcome: str, reason: str = "", asked: str = "") -> Attempt:
        """End it."""
        return replace(self, ended=time.time(), outcome=outcome, reason=reason, asked=asked)


def read_attempts(folder: Path) -> list[Attempt]:
    """Read the attempts at a cell, the latest last; none if the file is not there or damaged."""
    with suppress(OSError, ValueError, TypeError):
        return [Attempt(**values) for values in parse_json((folder / "attempts.json").read_text(encoding="utf-8"))]
    return []


def write_attempts(folder: Path, attempts: list[Attempt]) -> None:
    """Write the attempts at a cell, atomically."""
    write_json(folder / "attempts.json", [asdict(attempt) for attempt in attempts])


def plain_attempts(attempts: Iterable[Attempt]) -> list[dict[str, Any]]:
    """List attempts as they are published: without the machine."""
    return [{key: value for key, value in asdict(of).items() if key not in ("host", "pid")} for of in attempts]


@contextmanager
def heartbeat(folder: Path, attempt: Attempt, on_orphaned: Callable[[], object] | None = None) -> Iterator[None]:
    """Show that the attempt is under way, for as long as the block lasts and the process lives.

    Args:
        folder: of the cell.
        attempt: whose host and pid are written.
        on_orphaned: called if the process that started this one has ended.
    """
    path, parent, stop = folder / "heartbeat.json", os.getppid(), threading.Event()

    def beat() -> None:
        while True:
            with suppress(DbenchError):  # the disk may be full for a while
                write_json(path, {"host": attempt.host, "pid": attempt.pid})
            if on_orphaned is not None and os.getppid() != parent:
                on_orphaned()
                return
            if stop.wait(BEAT):
                return

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        path.unlink(missing_ok=True)


def is_beating(folder: Path) -> bool:
    """Whether a process is at work on the cell."""
    return worker_on(folder) is not None


def worker_on(folder: Path) -> tuple[str, int] | None:
    """The host and the pid of the process that is at work on the cell, if there is one.

    On this machine it counts if it exists, on others if its heartbeat is recent.
    """
    path = folder / "heartbeat.json"
    try:
        age = time.time() - path.stat().st_mtime
        values = parse_json(path.read_text(encoding="utf-8"))
        host, pid = str(values["host"]), int(values["pid"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    alive = _exists(pid) if host == socket.gethostname() else age < SILENCE
    return (host, pid) if alive else None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
