"""Train a recipe at a seed into a run folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from disentangle_bench.datasets.load import load_dataset
from disentangle_bench.devices import EMULATED, emulates
from disentangle_bench.errors import DbenchError
from disentangle_bench.recipe import Recipe
from disentangle_bench.run import INTERRUPTED, RUNNING, Run
from disentangle_bench.training import checkpoint, folder, signals
from disentangle_bench.training.fabric import Machine
from disentangle_bench.training.job import make_job
from disentangle_bench.training.log import check_tensorboard
from disentangle_bench.training.processes import check_main_guard, launch
from disentangle_bench.training.progress import say


def train_recipe(
    recipe: Recipe,
    *,
    seed: int = 0,
    out: Path | None = None,
    device: str = "auto",
    precision: str = "auto",
    devices: int = 1,
    compile: bool = False,  # noqa: A002 - the name that PyTorch uses
    resume: bool = False,
    tensorboard: bool = False,
    data_dir: Path | None = None,
) -> Run:
    """Train one run, or resume it.

    Args:
        recipe: what to train.
        seed: determines weights, batches and latents.
        out: the run folder; `runs/<recipe>/seed-<seed>` by default.
        device: auto, cpu, cuda or mps.
        precision: auto (bf16-mixed on a GPU that supports it, else 32), 32, bf16-mixed or 16-mixed.
        devices: number of data-parallel processes.
        compile: whether to compile the networks with `torch.compile`.
        resume: resume from the newest intact checkpoint, if the folder holds a run.
        tensorboard: also write TensorBoard's event files.
        data_dir: a folder with the dataset's files.

    Raises:
        DbenchError: invalid settings, no such device, no data, no space, a folder that holds another run, or losses
            that are no longer finite.
        KeyboardInterrupt: a person or the system asked to stop; the run is saved.
    """
    with signals.handled(signals.interrupt):
        check_main_guard(devices)
        machine = Machine(device, precision, devices)
        trained_on = machine.info()
        if tensorboard:
            check_tensorboard()
        dataset = load_dataset(recipe.dataset.name, data_dir, recipe.dataset.settings)
        run = Run(out or Path("runs") / recipe.name / f"seed-{seed}")
        job, about = make_job(run, recipe, seed, dataset, machine, compiled=compile, tensorboard=tensorboard)
        given = {"--compile": compile, "--tensorboard": tensorboard}
        options = [*machine.options(), *(["--data-dir", str(data_dir)] if data_dir else [])]
        options += [flag for flag, is_given in given.items() if is_given]
        info = {"options": options, **trained_on, "compile": compile, **about}
        with run.held():
            if not folder.prepare(run, job.recipe, seed, resume, info):
                say(f"{run.path} is already finished: {run.verdict}.")
                return run
            if emulates(precision, device):
                say(f"Warning: --precision bf16-mixed: {EMULATED}. Use --precision 32.")
            with noting_interruptions(run):
                launch(job, machine)
    return run


@contextmanager
def noting_interruptions(run: Run) -> Iterator[None]:
    """Record in a run that its training was interrupted, and say how to resume it."""
    try:
        yield
    except KeyboardInterrupt:
        run.note(status=INTERRUPTED)
        step = checkpoint.newest_step(run.checkpoints)
        raise KeyboardInterrupt(f"Stopped; saved up to step {step}. Resume with:\n  {run.resume_command()}") from None
    except DbenchError:
        with suppress(DbenchError):  # on a full disk the status cannot be written either; the first error counts
            if run.status == RUNNING:
                run.note(status=INTERRUPTED)
        raise
