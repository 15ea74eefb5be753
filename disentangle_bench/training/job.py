"""The work of each process of a run, and what must hold before it is begun."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor

from disentangle_bench.allocation import kept_memory
from disentangle_bench.datasets import DATASETS, Dataset, Images
from disentangle_bench.devices import computes_in_bfloat16
from disentangle_bench.errors import SettingError
from disentangle_bench.models import MODELS, make_model
from disentangle_bench.models.model import Model
from disentangle_bench.models.optimizers import make_optimizers
from disentangle_bench.recipe import Recipe
from disentangle_bench.run import Run
from disentangle_bench.training.batches import check_size
from disentangle_bench.training.fabric import Machine
from disentangle_bench.training.loop import Loop
from disentangle_bench.training.neighbors import check_neighbors
from disentangle_bench.training.pairs import training_classes
from disentangle_bench.training.placement import placed
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
        if model.neighbors and fabric.is_global_zero:
            say(f"Comparing all training images for the {model.neighbors} nearest of each.")
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


def make_job(
    run: Run, recipe: Recipe, seed: int, dataset: Dataset, machine: Machine, *, compiled: bool, tensorboard: bool
) -> tuple[Job, dict[str, object]]:
    """Make the job of a run once everything fits, and say what the run's provenance is to hold of model and images.

    Raises:
        DbenchError: the model cannot be trained on these images or in this way; nothing is written.
    """
    images = placed(dataset.split("train"), machine.fabric().device)
    if DATASETS.get(recipe.dataset.name).info.users_own:
        recipe = with_batches_of(recipe, len(images))
    model = make_model(recipe, dataset.info.shape)
    require_allowed(model, machine.info()["precision"], machine.devices, compiled)
    classes = training_classes(dataset, recipe.model.name) if model.paired else None
    if model.neighbors:
        check_neighbors(images, len(images), model.neighbors)
    make_optimizers(model)  # here, so that tables that do not fit are found before anything is written
    check_size(len(images), recipe.batch_size, machine.devices)
    about: dict[str, object] = {"means": [asdict(mean) for mean in model.means], "image_shape": dataset.info.shape}
    if dataset.correlations:
        about["correlated"] = [str(each) for each in dataset.correlations]
    return Job(run, recipe, seed, images, classes, compiled, tensorboard, dataset.training_weights()), about


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
