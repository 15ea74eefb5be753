"""How a command is stopped: by Ctrl-C or by a request to terminate, alike."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_INTERRUPTED = 130
NOTHING_KEPT = "Interrupted; nothing unfinished was kept."
"""The message where a command has nothing to keep."""


@contextmanager
def terminable() -> Iterator[None]:
    """Handle a request to terminate as Ctrl-C is handled, so that what is begun is cleared away.

    Where it is ignored, or handled by somebody else, it stays so.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    ):
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
