"""The local engine through the command line: killed at any moment, the same command ends with the same numbers."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from disentangle_bench.suites.attempts import read_attempts
from tests.engines.conftest import command, require_same, run, scores, wait_for, workers_of

pytestmark = pytest.mark.slow


def test_jobs_and_kills_change_no_number(suite: Path, tmp_path: Path, undisturbed: Path) -> None:
    """Two jobs, killed at random moments, driver or worker, beside one that was left alone."""
    chance = random.Random(0)
    for _ in range(2):
        process = subprocess.Popen(
            command(suite, "killed", "--jobs", "2"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(chance.uniform(5, 14))
        kill(chance.choice([process.pid, *workers_of(tmp_path / "killed")]))
        if chance.random() < 0.5:
            kill(process.pid)
        process.wait(timeout=300)
    ended = run(suite, "killed", "--jobs", "2")
    assert ended.returncode == 0, ended.stderr
    require_same(tmp_path / "killed", undisturbed)
    again = run(suite, "killed")
    assert again.returncode == 0
    assert "[1/" not in again.stderr, "what is done is not done again"


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def test_ctrl_c_saves_and_the_same_command_resumes(suite: Path, tmp_path: Path) -> None:
    words = ("--only", "infogan")
    process = subprocess.Popen(command(suite, "out", "--jobs", "2", *words), stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any((tmp_path / "out").glob("cells/*/*/run/checkpoints/*")))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in said
    folders = list((tmp_path / "out").glob("cells/*/*"))
    assert {read_attempts(folder)[-1].outcome for folder in folders if read_attempts(folder)} <= {"cancelled", "done"}
    assert not list((tmp_path / "out").glob("cells/*/*/heartbeat.json"))
    assert run(suite, "out", *words).returncode == 0
    assert len(scores(tmp_path / "out")) == 2


@pytest.mark.parametrize(("ignored", "sent"), [(False, signal.SIGINT), (True, signal.SIGTERM)])
def test_cells_that_take_long_are_interrupted(suite: Path, tmp_path: Path, ignored: bool, sent: int) -> None:
    """They save a checkpoint and say that they were cancelled, instead of being killed after the time of grace.

    A script's `dbench bench run ... &` ignores Ctrl-C, and so would its workers.
    """
    suite.write_text(suite.read_text().replace("steps = 60", "steps = 100000"))
    words = command(suite, "out", "--jobs", "1", "--only", "infogan")
    before = ["env", "--ignore-signal=INT"] if ignored else []
    process = subprocess.Popen([*before, *words], stderr=subprocess.DEVNULL)
    wait_for(lambda: any((tmp_path / "out").glob("cells/*/*/run/checkpoints/*")), 600)
    process.send_signal(sent)
    assert process.wait(timeout=120) == 130
    [folder] = [path.parent for path in (tmp_path / "out").glob("cells/*/*/attempts.json")]
    assert [attempt.outcome for attempt in read_attempts(folder)] == ["cancelled"]


def test_workers_end_with_the_driver(suite: Path, tmp_path: Path) -> None:
    """A killed driver leaves no process that works on for nobody; its cells are resumed."""
    process = subprocess.Popen(command(suite, "out", "--jobs", "1"), stderr=subprocess.DEVNULL)
    wait_for(lambda: bool(workers_of(tmp_path / "out")))
    worker = workers_of(tmp_path / "out")[0]
    process.kill()
    process.wait()
    wait_for(lambda: not Path(f"/proc/{worker}").exists() or "zombie" in Path(f"/proc/{worker}/status").read_text())


def test_a_cell_that_takes_too_long_is_timed_out(suite: Path, tmp_path: Path) -> None:
    suite.write_text(suite.read_text().replace("steps = 60", "steps = 100000") + "\n[training]\nminutes = 0.1\n")
    ended = run(suite, "out", "--only", "infogan", "--seeds", "0")
    assert ended.returncode == 1
    assert "infogan/seed-0: timed-out" in ended.stderr
    [folder] = (tmp_path / "out").glob("cells/infogan/*")
    assert read_attempts(folder)[-1].reason == "it took more than 0.1 minutes"
