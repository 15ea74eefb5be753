"""The local engine through the command line: killed at any moment, the same command ends with the same numbers."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from disentangle_bench.suites.attempts import read_attempts

pytestmark = pytest.mark.slow

SUITE = """
name = "tiny"
version = 1
seeds = [0, 1]
metrics = ["c1-accuracy", "categories"]
baseline = "gan-with-q"

[evaluation]
bootstrap = 0
levels = false

[entries.infogan]
recipe = "infogan-digits"
settings = { steps = 60, checkpoint_every = 10, "networks.width" = 0.5 }

[entries.gan-with-q]
recipe = "gan-with-q-digits"
settings = { steps = 60, checkpoint_every = 10, "networks.width" = 0.5 }
"""


@pytest.fixture(autouse=True)
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(SUITE.replace(', "categories"', ""))
    return path


def command(suite: Path, out: str, *words: str) -> list[str]:
    folder = suite.parent / out
    return [sys.executable, "-m", "disentangle_bench", "bench", "run", str(suite), "--out", str(folder), *words]


def run(suite: Path, out: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(suite, out, *words), capture_output=True, text=True, check=False)


def scores(folder: Path) -> dict[str, Any]:
    """Everything in every results file, but for what says when and where it was made."""
    found = {}
    for path in sorted(folder.glob("cells/*/*/run/results.json")):
        values = json.loads(path.read_text())["scores"]
        found["/".join(path.parts[-4:-2])] = {name: {**entry, "seconds": None} for name, entry in values.items()}
    return found


def models(folder: Path) -> dict[str, bytes]:
    return {"/".join(path.parts[-4:-2]): path.read_bytes() for path in folder.glob("cells/*/*/run/model.safetensors")}


def test_jobs_and_kills_change_no_number(suite: Path, tmp_path: Path) -> None:
    """One job and two, undisturbed and killed: driver or worker, at random moments."""
    undisturbed = run(suite, "one", "--jobs", "1")
    assert undisturbed.returncode == 0, undisturbed.stderr
    expected = scores(tmp_path / "one")
    assert len(expected) == 4
    chance = random.Random(0)
    for _ in range(4):
        process = subprocess.Popen(
            command(suite, "killed", "--jobs", "2"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(chance.uniform(2, 14))
        victim = chance.choice([process.pid, *workers_of(tmp_path / "killed")])
        kill(victim)
        if victim == process.pid:
            process.wait()
        else:
            process.wait(timeout=300)
    ended = run(suite, "killed", "--jobs", "2")
    assert ended.returncode == 0, ended.stderr
    assert scores(tmp_path / "killed") == expected
    assert models(tmp_path / "killed") == models(tmp_path / "one")
    again = run(suite, "killed")
    assert again.returncode == 0
    assert "[1/" not in again.stderr, "what is done is not done again"


def workers_of(folder: Path) -> list[int]:
    pids = []
    for path in folder.glob("cells/*/*/heartbeat.json"):
        try:
            pids.append(int(json.loads(path.read_text())["pid"]))
        except (OSError, ValueError, KeyError):
            continue
    return pids


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def test_ctrl_c_saves_and_the_same_command_resumes(suite: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(command(suite, "out", "--jobs", "2"), stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any((tmp_path / "out").glob("cells/*/*/run/checkpoints/*")))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in said
    folders = list((tmp_path / "out").glob("cells/*/*"))
    assert {read_attempts(folder)[-1].outcome for folder in folders if read_attempts(folder)} <= {"cancelled", "done"}
    assert not list((tmp_path / "out").glob("cells/*/*/heartbeat.json"))
    assert run(suite, "out").returncode == 0
    assert len(scores(tmp_path / "out")) == 4


def wait_for(condition: Any, seconds: float = 120) -> None:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() < begun + seconds, "it did not happen"
        time.sleep(0.1)


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
    assert list((tmp_path / "out").glob("cells/*/*/run/checkpoints/*")), "what was trained is kept"
