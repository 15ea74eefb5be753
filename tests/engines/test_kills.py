"""Killed at twenty random moments, driver or worker, a suite ends with the same bits, and does nothing twice.

Driver and workers are forks of a process that has imported everything, so that restarting them takes no time;
`test_local.py` kills those of the command line.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from disentangle_bench.suites import attempts
from disentangle_bench.suites.attempts import DONE, read_attempts
from disentangle_bench.suites.bench import Bench, exit_status
from disentangle_bench.suites.work import work
from tests.engines.conftest import models, require_same

KILLS = 20
SUITE = """
name = "tiny"
version = 1
seeds = [0, 1]
metrics = ["c1-accuracy", "mutual-information"]
baseline = "gan-with-q"

[evaluation]
bootstrap = 20
levels = false

[entries.infogan]
recipe = "infogan-digits"
settings = { steps = 40, checkpoint_every = 4, "networks.width" = 0.25 }

[entries.gan-with-q]
recipe = "gan-with-q-digits"
settings = { steps = 40, checkpoint_every = 4, "networks.width" = 0.25 }
"""
SECONDS = 3.0
"""Of processor time that driver and workers use between two kills, at most."""


class Forking:
    """Works on two cells at a time, each in a fork of this process."""

    here = True

    def check(self) -> None:
        """Nothing can be missing."""

    def submit(self, folders: Sequence[Path]) -> Iterator[Path]:
        """Work on cells; a fork that is killed is over, too."""
        waiting, running = list(folders), {}
        while waiting or running:
            while waiting and len(running) < 2:
                folder = waiting.pop(0)
                running[_fork(folder)] = folder
            pid, _ = os.wait()
            yield running.pop(pid)


def _fork(folder: Path) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work(folder, orphan_stops=True)
        finally:
            os._exit(0)
    return pid


def drive(suite: Path, out: Path) -> None:
    """Run the suite, as the command line does."""
    attempts.BEAT = 0.2  # how soon a worker finds that its driver is gone
    raise SystemExit(exit_status(Bench.open(str(suite), out=out).run(Forking()), ()))


@pytest.mark.slow
def test_twenty_kills_change_no_number_and_nothing_is_done_twice(tmp_path: Path) -> None:
    suite, undisturbed = tmp_path / "tiny.toml", tmp_path / "undisturbed"
    suite.write_text(SUITE)
    run_and_kill(suite, undisturbed, 0, random.Random())
    assert len(models(undisturbed)) == 4
    chance, kills, times = random.Random(0), 0, 0
    while kills < KILLS:  # a suite that came to its end is compared, and the next one is begun
        kills += run_and_kill(suite, tmp_path / str(times), KILLS - kills, chance)
        require_same(tmp_path / str(times), undisturbed)
        times += 1


def run_and_kill(suite: Path, out: Path, most: int, chance: random.Random) -> int:
    """Run the suite again and again until everything is done, and kill at most so often; returns how often."""
    kills, done = 0, {}
    for _ in range(most + 2):
        driver = _started(suite, out)
        while kills < most and _is_alive_after(chance.uniform(0, SECONDS), driver):
            done |= _done(out)
            workers = _workers(driver)
            victims = chance.choice([[driver.pid], workers[:1], [driver.pid, *workers]])
            for pid in victims:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            kills += bool(victims)
        driver.join(timeout=300)
        assert done.items() <= _done(out).items(), "what was done was done again"
        if driver.exitcode == 0:
            return kills
    raise AssertionError(f"it does not come to its end: exit status {driver.exitcode}")


def _started(suite: Path, out: Path) -> BaseProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [__name__, "disentangle_bench.workflow.train", "disentangle_bench.workflow.evaluate"]
    )
    process = context.Process(target=drive, args=(suite, out))
    process.start()
    return process


def _is_alive_after(seconds: float, driver: BaseProcess) -> bool:
    """Wait until the processes have worked for so long; whether the driver is there still."""
    worked: dict[int, tuple[float, float]] = {}
    while driver.is_alive() and sum(last - first for first, last in worked.values()) < seconds:
        for pid in (driver.pid, *_workers(driver)):
            now = _processor_seconds(pid)
            worked[pid] = (worked.get(pid, (now,))[0], now)
        time.sleep(0.02)
    return driver.is_alive()


def _workers(driver: BaseProcess) -> list[int]:
    with suppress(FileNotFoundError):
        return [int(pid) for pid in Path(f"/proc/{driver.pid}/task/{driver.pid}/children").read_text().split()]
    return []


def _processor_seconds(pid: int) -> float:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _done(out: Path) -> dict[Path, tuple[int, int]]:
    """The cells that are done -> when their model was written, and how many attempts they took."""
    folders = [path for path in out.glob("cells/*/*") if (path / "run" / "model.safetensors").is_file()]
    attempts = {path: read_attempts(path) for path in folders}
    return {
        path: ((path / "run" / "model.safetensors").stat().st_mtime_ns, len(of))
        for path, of in attempts.items()
        if of and of[-1].outcome == DONE
    }
