"""Work in several processes: results in order, and no process that outlives the one that wanted them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from joblib.externals.loky.backend import utils

from disentangle_bench.schedule import Schedule, in_processes

WAIT = """
import time
from disentangle_bench.schedule import in_processes

def work(seconds):
    print("working", flush=True)
    time.sleep(seconds)

list(in_processes(work, [60] * 4, 2))
"""


def marked(mark: str) -> list[int]:
    """The processes with a text in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:  # it has ended, or is somebody else's
            continue
    return found


def test_results_come_in_order_and_each_is_reported() -> None:
    steps: list[None] = []
    schedule = Schedule(on_step=lambda: steps.append(None))
    assert list(schedule.map(abs, [-3, 2, -1])) == [3, 2, 1]
    assert len(steps) == 3


def test_processes_give_the_same_in_order() -> None:
    assert list(in_processes(abs, range(-5, 5), 2)) == list(map(abs, range(-5, 5)))


def is_deaf_to_ctrl_c(_: int) -> bool:
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="blocks signals")
def test_ctrl_c_reaches_this_process_alone() -> None:
    assert list(in_processes(is_deaf_to_ctrl_c, range(2), 2)) == [True, True]
    assert not is_deaf_to_ctrl_c(0)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").is_file(), reason="asks Linux which processes there are")
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_no_process_outlives_the_one_that_started_it(by: signal.Signals) -> None:
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-c", WAIT],
        env={**os.environ, "MARK": mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"working\n"
    process.send_signal(by)
    process.wait(60)
    ended = time.monotonic() + 30
    while (left := marked(mark)) and time.monotonic() < ended:
        time.sleep(0.1)
    assert left == []
    assert [path for path in Path("/dev/shm").iterdir() if str(process.pid) in re.split("[-_]", path.name)] == []


def test_joblib_ends_its_processes_without_another_program() -> None:
    """`timeout` and schedulers signal all processes at once; pgrep would end with them, and a traceback be shown."""
    assert utils.psutil is not None
