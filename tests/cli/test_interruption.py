"""A request to terminate is an interruption, unless somebody else handles it or it is ignored."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from disentangle_bench.cli.interruption import terminable


def terminate() -> None:
    with terminable():
        os.kill(os.getpid(), signal.SIGTERM)


def test_is_like_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt):
        terminate()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        terminate()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_other_threads_handle_no_signals() -> None:
    def enter() -> None:
        with terminable():
            handled.append(signal.getsignal(signal.SIGTERM))

    handled: list[object] = []
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert handled == [signal.SIG_DFL]
