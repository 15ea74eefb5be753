"""Small runs on the embedded digits, in this process or in others that may be stopped and killed."""

from __future__ import annotations

import json
import multiprocessing
import os
import runpy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from disentangle_bench.models.recipes import find_recipe
from disentangle_bench.recipe import Recipe
from disentangle_bench.run import Run
from disentangle_bench.training.train import train_recipe

CHILD = Path(__file__).parent / "child.py"
MEASURED_TIMES = ("seconds", "steps_per_second")


def tiny_recipe(model: str = "infogan", /, **settings: Any) -> Recipe:
    """Networks of a few channels on a few images."""
    small = {"networks.width": 1 / 16, "latents.noise": 4, "batch_size": 16, "steps": 4, "checkpoint_every": 2}
    return find_recipe(model, "digits").with_settings(small | settings)


@pytest.fixture(scope="session")
def tiny() -> Callable[..., Recipe]:
    return tiny_recipe


@pytest.fixture
def train_tiny(tmp_path: Path) -> Callable[..., Run]:
    """Train a tiny recipe in this process: options of `train` by name, changed settings as a dictionary."""

    def call(settings: dict[str, Any] | None = None, *, model: str = "infogan", **options: Any) -> Run:
        return train_recipe(
            tiny_recipe(model, **(settings or {})), **{"out": tmp_path / "run", "device": "cpu", **options}
        )

    return call


@dataclass(frozen=True)
class Ended:
    """How a child process ended."""

    code: int | None
    err: str
    out: str


Child = Callable[..., Ended]


@pytest.fixture(scope="session")
def child(tmp_path_factory: pytest.TempPathFactory) -> Child:
    """Train a tiny recipe in a process of its own, in which something befalls it: see child.py.

    The processes are forked from one that has imported PyTorch, which takes longer than such a run.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["disentangle_bench.training.train", "sklearn.datasets", "torchvision"])

    def call(out: Path, *, settings: dict[str, Any] | None = None, seconds: float | None = None, **job: Any) -> Ended:
        streams = tmp_path_factory.mktemp("streams")
        recipe = tiny_recipe(job.pop("model", "infogan"), **(settings or {})).to_values()
        job = {"recipe": recipe, "out": str(out), "streams": str(streams), **job}
        process = context.Process(target=runpy.run_path, args=(str(CHILD), {"JOB": job}, "__main__"))
        process.start()
        process.join(seconds if seconds is not None else 240)
        if process.is_alive():
            process.kill()
            process.join()
        texts = [path.read_text() if path.exists() else "" for path in (streams / "err", streams / "out")]
        return Ended(process.exitcode, *texts)

    return call


def tensors(run: Path) -> dict[str, torch.Tensor]:
    """All tensors of a finished run: the trained model's and the last checkpoint's."""
    last = max((run / "checkpoints").glob("*.safetensors"))
    return load_file(run / "model.safetensors") | {f"last {key}": value for key, value in load_file(last).items()}


def log_without_times(run: Path) -> list[dict[str, Any]]:
    entries = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{key: value for key, value in entry.items() if key not in MEASURED_TIMES} for entry in entries]


def assert_same_run(first: Path, second: Path) -> None:
    """Bit for bit the same weights, moments and statistics; the same log but for the times; no more files."""
    one, other = tensors(first), tensors(second)
    assert one.keys() == other.keys()
    different = [name for name in one if not torch.equal(one[name], other[name])]
    assert different == []
    assert log_without_times(first) == log_without_times(second)
    assert Run(first).status == Run(second).status
    assert names(first) == names(second)
    assert len(list((first / "checkpoints").iterdir())) <= 2


def names(folder: Path) -> list[str]:
    """All files of a run, but for the checkpoint before the last: a run that was stopped has one where it was."""
    paths = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    *_, last = (path for path in paths if path.parent.name == "checkpoints")
    return [str(path) for path in paths if path == last or path.parent.name != "checkpoints"]


@pytest.fixture(scope="session")
def same_run() -> Callable[[Path, Path], None]:
    return assert_same_run


@pytest.fixture
def dbench() -> list[str]:
    """The command line in a process of its own."""
    return [sys.executable, "-c", "from disentangle_bench.cli import main; main()"]


@pytest.fixture
def plain_environment() -> dict[str, str]:
    """One thread, so that processes do not wait for each other's, and no colors."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", "COLUMNS": "200"}
