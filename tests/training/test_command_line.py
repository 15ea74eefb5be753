"""`dbench train`, stopped and resumed by the command that it prints."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from disentangle_bench.recipe import Recipe
from disentangle_bench.run import Run

pytestmark = pytest.mark.slow
SETTINGS = {"steps": 120, "checkpoint_every": 1000}


def test_ctrl_c_saves_and_says_how_to_resume(
    tmp_path: Path, tiny: Callable[..., Recipe], dbench: list[str], plain_environment: dict[str, str]
) -> None:
    (tmp_path / "mine.toml").write_text(tiny(**SETTINGS).to_toml())
    command = [*dbench, "train", "mine.toml", "--device", "cpu", "--seed", "3", "--tensorboard", "--out"]
    with subprocess.Popen(
        [*command, "a run"], cwd=tmp_path, env=plain_environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heed_ctrl_c,  # noqa: PLW1509
    ) as process:  # fmt: skip
        run = Run(tmp_path / "a run")
        for _ in range(2400):
            if run.log() or process.poll() is not None:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert run.status == "interrupted"
    (step, printed) = re.findall(r"Stopped; saved up to step (\d+)\. Resume with:\n  dbench (.*)", err)[0]
    assert 50 <= int(step) < 120

    resumed = subprocess.run(
        [*dbench, *shlex.split(printed)],
        cwd=tmp_path,
        env=plain_environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert resumed.stdout == "a run\n"
    assert "Traceback" not in resumed.stderr
    straight = subprocess.run(
        [*command, "straight"], cwd=tmp_path, env=plain_environment, capture_output=True, text=True, check=True
    )
    assert straight.stdout == "straight\n"

    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("a run", "straight"))
    assert [name for name in one if not torch.equal(one[name], other[name])] == []
    logs = [(tmp_path / name / "log.jsonl").read_text().splitlines() for name in ("a run", "straight")]
    first, second = ([{**json.loads(line), "seconds": 0, "steps_per_second": 0} for line in log] for log in logs)
    assert first == second


def heed_ctrl_c() -> None:
    """Commands that a shell starts in the background ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_error_is_one_message(
    tmp_path: Path, tiny: Callable[..., Recipe], dbench: list[str], plain_environment: dict[str, str]
) -> None:
    (tmp_path / "mine.toml").write_text(tiny(**{**SETTINGS, "optimizer.D.lr": 1e30}).to_toml())
    command = [*dbench, "train", "mine.toml", "--device", "cpu", "--devices", "2", "--out", "run"]
    ended = subprocess.run(command, cwd=tmp_path, env=plain_environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("Training diverged by step 50: collapsed: ") == 1
    assert Run(tmp_path / "run").status.startswith("collapsed: ")
