"""Train a recipe at a seed into a run folder."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

from disentangle_bench.datasets import DATASETS
from disentangle_bench.errors import DbenchError, RunError
from disentangle_bench.models import MODELS
from disentangle_bench.recipe import Recipe
from disentangle_bench.run import Run
from disentangle_bench.storage import provenance
from disentangle_bench.training.batches import Batches
from disentangle_bench.training.fabric import make_fabric
from disentangle_bench.training.loop import Loop
from disentangle_bench.training.progress import TrainingProgress

INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Job:
    """What each process of a run is told."""

    run: Run
    recipe: Recipe
    seed: int
    images: Tensor
    shape: tuple[int, int, int]
    compiled: bool
    tensorboard: bool


def train(
    recipe: Recipe,
    *,
    seed: int = 0,
    out: Path | None = None,
    device: str = "auto",
    precision: str = "auto",
    devices: int = 1,
    compile: bool = False,  # noqa: A002 - PyTorch's own word for it
    resume: bool = False,
    tensorboard: bool = False,
    data_dir: Path | None = None,
) -> Run:
    """Train, or go on with, one run.

    Args:
        recipe: what to train.
        seed: determines weights, batches and latents.
        out: the run folder; `runs/<recipe>/seed-<seed>` by default.
        device: auto, cpu, cuda or mps.
        precision: auto (bf16-mixed on a GPU that has it, else 32), 32, bf16-mixed or 16-mixed.
        devices: number of data-parallel processes.
        compile: whether to compile the networks with `torch.compile`.
        resume: go on from the newest whole checkpoint, if the folder holds a run.
        tensorboard: also write TensorBoard's event files.
        data_dir: a folder with the dataset's files.

    Raises:
        DbenchError: impossible settings, no such device, no data, no space, or a folder that holds another run.
        KeyboardInterrupt: a person stopped it, after a checkpoint.
    """
    model = MODELS.get(recipe.model)
    fabric = make_fabric(device, precision, devices)
    dataset = DATASETS.get(recipe.dataset).load(data_dir)
    images = torch.from_numpy(dataset.split("train"))
    model(recipe, dataset.facts.shape)  # fails before anything is written
    Batches(images, recipe.batch_size, seed, 0, devices)
    run = Run(out or Path("runs") / recipe.name / f"seed-{seed}")
    with run.held():
        if not _prepare(run, recipe, seed, resume, _options(device, precision, devices)):
            return run
        job = Job(run, recipe, seed, images, dataset.facts.shape, compile, tensorboard)
        with _left_to_children(devices):
            outcome = fabric.launch(partial(_train_process, job=job))
    if isinstance(outcome, DbenchError):
        raise outcome
    if outcome == INTERRUPTED:
        raise KeyboardInterrupt
    return run


def _prepare(run: Run, recipe: Recipe, seed: int, resume: bool, options: list[str]) -> bool:
    """Begin a run folder, or check that this one may be gone on with. False if there is nothing left to do."""
    if not run.provenance_file.is_file():
        if run.path.is_dir() and any(path.name != ".lock" for path in run.path.iterdir()):
            raise RunError(f"{run.path} holds files but no run.", "Give another folder with --out, or empty this one.")
        Run.create(run.path, recipe, {"seed": seed, "status": "running", "options": options, **provenance()})
        return True
    there = Run.open(run.path, finished=False)
    if not resume:
        raise RunError(
            f"{run.path} already holds a run ({there.status}).",
            "Go on with it with --resume, give another --seed or --out, or delete the folder.",
        )
    if there.recipe != recipe or there.seed != seed:
        raise RunError(
            f"{run.path} was trained with other settings: {_differences(there, recipe, seed)}.",
            f"Continue it as it was with `{there.resume_command()}`, or give another folder with --out.",
        )
    return not there.model_file.is_file()


def _differences(run: Run, recipe: Recipe, seed: int) -> str:
    before = {**run.recipe.to_values(), "seed": run.seed}
    now = {**recipe.to_values(), "seed": seed}
    keys = sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
    return ", ".join(f"{key} was {before.get(key)}, now {now.get(key)}" for key in keys)


def _options(device: str, precision: str, devices: int) -> list[str]:
    """The command-line options that a resumed run has to repeat to end with the same weights."""
    options = []
    if device != "auto":
        options += ["--device", device]
    if precision != "auto":
        options += ["--precision", precision]
    if devices != 1:
        options += ["--devices", str(devices)]
    return options


@contextmanager
def _left_to_children(devices: int) -> Iterator[None]:
    """With several processes, let Ctrl-C reach only them: they save and end, and this one sees how they ended."""
    if devices == 1:
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _train_process(fabric: Fabric, job: Job) -> Any:
    """One process of a run. Returns how it ended: None, `INTERRUPTED`, or the error."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if fabric.device.type == "cpu" and fabric.world_size > 1:
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // fabric.world_size))
    model = MODELS.get(job.recipe.model)(job.recipe, job.shape, job.seed)
    entropies = {code.name: code.entropy for code in model.latents.codes}
    title = f"{job.recipe.name} seed {job.seed}"
    try:
        loop = Loop(
            fabric, model, job.images, job.run, seed=job.seed, compiled=job.compiled, tensorboard=job.tensorboard
        )
        quiet = not fabric.is_global_zero
        with TrainingProgress(
            title, job.recipe.steps, entropies, _shorter(fabric, job.recipe), quiet=quiet
        ) as progress:
            loop.train(progress)
            loop.finish(progress)
    except KeyboardInterrupt:
        return _interrupted(fabric, job.run)
    except DbenchError as error:
        return error
    return None


def _interrupted(fabric: Fabric, run: Run) -> str:
    if fabric.is_global_zero:
        run.note(status=INTERRUPTED)
        TrainingProgress("", 1, {}).say(f"Stopped and saved. Go on with:\n  {run.resume_command()}")
    return INTERRUPTED


def _shorter(fabric: Fabric, recipe: Recipe) -> str:
    """What makes a run on a CPU shorter."""
    if fabric.device.type != "cpu":
        return ""
    options = [f"--set steps={max(1, recipe.steps // 5)}", "--set networks.width=0.5"]
    if torch.cpu._is_avx512_bf16_supported() and fabric.strategy.precision.precision == "32-true":
        options.append("--precision bf16-mixed")
    if recipe.dataset != "digits":
        options.append("--dataset digits")
    return ", ".join(options)
