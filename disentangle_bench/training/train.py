"""Train a recipe at a seed into a run folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.allocation import kept_memory
from disentangle_bench.datasets import DATASETS, Images
from disentangle_bench.datasets.load import load_dataset
from disentangle_bench.devices import EMULATED, computes_in_bfloat16, emulates
from disentangle_bench.errors import DbenchError, SettingError
from disentangle_bench.models import MODELS, make_model
from disentangle_bench.models.model import Model
from disentangle_bench.models.optimizers import make_optimizers
from disentangle_bench.recipe import Recipe
from disentangle_bench.run import INTERRUPTED, RUNNING, Run
from disentangle_bench.training import checkpoint, folder, signals
from disentangle_bench.training.batches import check_size
from disentangle_bench.training.fabric import Machine
from disentangle_bench.training.log import check_tensorboard
from disentangle_bench.training.loop import Loop
from disentangle_bench.training.neighbors import check_neighbors
from disentangle_bench.training.pairs import training_classes
from disentangle_bench.training.placement import placed
from disentangle_bench.training.processes import check_main_guard, launch
from disentangle_bench.training.progress import TrainingProgress, say


@dataclass(frozen=True)
class Job:
    """The work of each process of a run."""

    run: Run
    recipe: Recipe
    seed: int
    images: Tensor | Images
    classes: NDArray[np.int64] | None
    compiled: bool
    tensorboard: bool
    weights: NDArray[np.float64] | None = None

    def __call__(self, fabric: Fabric) -> None:
        """Train in one process."""
        _, channels, height, width = self.images.shape
        model = make_model(self.recipe, (channels, height, width), self.seed)
        loop = Loop(
            fabric, model, self.images, self.run, seed=self.seed, classes=self.classes, weights=self.weights,
            compiled=self.compiled, tensorboard=self.tensorboard,
        )  # fmt: skip
        progress = TrainingProgress(
            f"{self.recipe.name} seed {self.seed}",
            self.recipe.steps,
            model.means,
            ways_to_shorten(fabric, self.recipe),
            quiet=not fabric.is_global_zero,
        )
        with kept_memory(), loop, progress:
            loop.train(progress)
            loop.finish(progress)


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
        flags = {"--compile": compile, "--tensorboard": tensorboard}
        options = [
            *machine.options(),
            *(["--data-dir", str(data_dir)] if data_dir else []),
            *(flag for flag, given in flags.items() if given),
        ]
        trained_on = machine.info()
        if tensorboard:
            check_tensorboard()
        dataset = load_dataset(recipe.dataset.name, data_dir, recipe.dataset.settings)
        images = placed(dataset.split("train"), machine.fabric().device)
        if DATASETS.get(recipe.dataset.name).info.users_own:
            recipe = with_batches_of(recipe, len(images))
        model = make_model(recipe, dataset.info.shape)
        require_allowed(model, trained_on["precision"], devices, compile)
        classes = training_classes(dataset, recipe.model.name) if model.paired else None
        if model.neighbors:
            check_neighbors(images, len(images), model.neighbors)
        make_optimizers(model)  # here, so that tables that do not fit are found before anything is written
        check_size(len(images), recipe.batch_size, devices)
        means = [asdict(mean) for mean in model.means]
        info = {"options": options, **trained_on, "compile": compile, "means": means, "image_shape": dataset.info.shape}
        if dataset.correlations:
            info["correlated"] = [str(each) for each in dataset.correlations]
        run = Run(out or Path("runs") / recipe.name / f"seed-{seed}")
        with run.held():
            if folder.prepare(run, recipe, seed, resume, info):
                if emulates(precision, device):
                    say(f"Warning: --precision bf16-mixed: {EMULATED}. Use --precision 32.")
                if model.neighbors:
                    say(f"Comparing all training images for the {model.neighbors} nearest of each.")
                with noting_interruptions(run):
                    launch(
                        Job(run, recipe, seed, images, classes, compile, tensorboard, dataset.training_weights()),
                        machine,
                    )
            else:
                say(f"{run.path} is already finished: {run.verdict}.")
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


def require_allowed(model: Model, precision: str, devices: int, compiled: bool) -> None:
    """Refuse the ways of training that a model's updates do not allow.

    Raises:
        SettingError: several devices, `torch.compile` or float16, with the model's reason.
    """
    given = {"devices": devices > 1, "compile": compiled, "16-mixed": precision == "16-mixed"}
    options = {"devices": f"--devices {devices}", "compile": "--compile", "16-mixed": "--precision 16-mixed"}
    for way, reason in model.refuses.items():
        if given[way]:
            raise SettingError(f"{options[way]} cannot train {model.recipe.name}: {reason}.", "Leave the option out.")


def with_batches_of(recipe: Recipe, images: int) -> Recipe:
    """Lower the batch size to the number of training images: the recipe for a user's own cannot know how many."""
    if recipe.batch_size <= images:
        return recipe
    say(f"batch_size is {images}, all of the training images, instead of {recipe.batch_size}.")
    return recipe.with_settings({"batch_size": images})


def ways_to_shorten(fabric: Fabric, recipe: Recipe) -> str:
    """Suggest options that shorten a run on a CPU."""
    if fabric.device.type != "cpu":
        return ""
    options = [f"--set steps={max(1, recipe.steps // 5)}"]
    if MODELS.get(recipe.model.name).scales_with_width:
        options.append(f"--set networks.width={recipe.networks.width / 2:g}")
    if computes_in_bfloat16() and fabric.strategy.precision.precision == "32-true":
        options.append("--precision bf16-mixed")
    if recipe.dataset.name != "digits":
        options.append("--dataset digits")
    return ", ".join(options)
