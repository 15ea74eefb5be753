"""Train a recipe at one seed into a run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from disentangle_bench.datasets import DATASETS
from disentangle_bench.models.recipes import find_recipe, with_settings
from disentangle_bench.recipe import Recipe
from disentangle_bench.workflow.load import TrainedRun


def train(
    recipe: str | Path | Recipe,
    *,
    dataset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    out: Path | str | None = None,
    device: str = "auto",
    precision: str = "auto",
    devices: int = 1,
    compile: bool = False,  # noqa: A002 - the name that everyone knows from torch
    resume: bool = False,
    tensorboard: bool = False,
    data_dir: Path | str | None = None,
) -> TrainedRun:
    """Train a recipe at one seed.

    Args:
        recipe: a recipe, its name, a model's name or the path of a recipe's TOML file.
        dataset: with a model's name, what to train it on; by default MNIST.
        settings: changes to the recipe, such as `{"steps": 100, "latents.codes.0.k": 12}`.
        seed: determines the weights, the latents and the order of the images.
        out: the run folder; by default `runs/RECIPE/seed-SEED`.
        device: `auto`, `cpu`, `cuda` or `mps`.
        precision: `auto`, `32`, `bf16-mixed` or `16-mixed`.
        devices: how many devices, or processes on a CPU, share the work.
        compile: compile the networks with `torch.compile`.
        resume: resume a run that was interrupted.
        tensorboard: also log to TensorBoard, into the run folder.
        data_dir: a folder with the dataset's files.

    Returns:
        The finished run.

    Raises:
        DbenchError: an unknown name, an invalid setting, a device that is not there, files that cannot be read or
            written; the message says which and what to do.
    """
    if dataset is not None:
        DATASETS.get(dataset)  # an unknown name is not the same as a dataset without a recipe
    chosen = recipe if isinstance(recipe, Recipe) else find_recipe(str(recipe), dataset)
    chosen = with_settings(chosen, settings or {})

    from disentangle_bench.training.train import train_recipe  # imports torch: after what may be wrong

    run = train_recipe(
        chosen,
        seed=seed,
        out=None if out is None else Path(out),
        device=device,
        precision=precision,
        devices=devices,
        compile=compile,
        resume=resume,
        tensorboard=tensorboard,
        data_dir=None if data_dir is None else Path(data_dir),
    )
    return TrainedRun(run.path)
