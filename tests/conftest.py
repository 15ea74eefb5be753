"""What all tests share."""

from __future__ import annotations

import os
import signal
import threading

from hypothesis import HealthCheck, settings

# A busy machine is no failure, and a suite that passes once passes again: no deadlines, no fresh randomness.
settings.register_profile(
    "suite", deadline=None, derandomize=True, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

# pytest-xdist keeps every processor busy: what starts more processes, each of which imports everything, asks for them.
os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")


def pytest_configure() -> None:
    """Programs started from here stop at Ctrl-C, also where the tests were started in a way that ignores it."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
