"""A suite that trains in seconds, and what it is to come to on any engine."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

SUITE = """
name = "tiny"
version = 1
seeds = [0, 1]
metrics = ["c1-accuracy"]
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


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(SUITE)
    return path


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of one job after the other on this machine."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "tiny.toml").write_text(SUITE)
    ended = run(folder / "tiny.toml", "out", "--jobs", "1")
    assert ended.returncode == 0, ended.stderr
    assert len(scores(folder / "out")) == 4
    return folder / "out"


def command(suite: Path, out: str, *words: str) -> list[str]:
    folder = suite.parent / out
    return [sys.executable, "-m", "disentangle_bench", "bench", "run", str(suite), "--out", str(folder), *words]


def run(suite: Path, out: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(suite, out, *words), capture_output=True, text=True, check=False, timeout=600)


def scores(folder: Path) -> dict[str, Any]:
    """Everything in every results file, but for what says when it was made."""
    found = {}
    for path in sorted(folder.glob("cells/*/*/run/results.json")):
        values = json.loads(path.read_text())["scores"]
        found["/".join(path.parts[-4:-2])] = {name: {**entry, "seconds": None} for name, entry in values.items()}
    return found


def models(folder: Path) -> Mapping[str, bytes]:
    return {"/".join(path.parts[-4:-2]): path.read_bytes() for path in folder.glob("cells/*/*/run/model.safetensors")}


def require_same(folder: Path, expected: Path) -> None:
    """Scores and models are the same bit for bit."""
    assert scores(folder) == scores(expected)
    assert models(folder) == models(expected)


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() < begun + seconds, "it did not happen"
        time.sleep(0.1)


def workers_of(folder: Path) -> list[int]:
    """The processes that are at work on cells."""
    pids = []
    for path in folder.glob("cells/*/*/heartbeat.json"):
        try:
            pids.append(int(json.loads(path.read_text())["pid"]))
        except (OSError, ValueError, KeyError):
            continue
    return pids
