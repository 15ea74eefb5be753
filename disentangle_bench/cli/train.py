"""`dbench train`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from disentangle_bench.cli.completion import names_of
from disentangle_bench.cli.help import ARGUMENTS, Command
from disentangle_bench.cli.options import Settings, data_dir_option, device_option, read_seeds, settings_option
from disentangle_bench.cli.output import print_result


@click.command(
    cls=Command,
    short_help="Train a model on a dataset.",
    examples=(
        "dbench train infogan                     # MNIST, the paper's networks",
        "dbench train infogan --dataset digits    # small: minutes on two cores",
        "dbench train gan-with-q --seed 0,1,2     # three runs, one after the other",
        "dbench train infogan --steps 500 --set latents.codes.0.k=12",
        "dbench train infogan-mnist --resume      # after Ctrl-C",
    ),
)
@click.option_panel("Arguments", options=["recipe"], **ARGUMENTS)
@click.option_panel("What", options=["--dataset", "--seed", "--steps", "--set"])
@click.option_panel("Where", options=["--out", "--resume", "--data-dir", "--tensorboard"])
@click.option_panel("How", options=["--device", "--devices", "--precision", "--compile"])
@click.argument(
    "recipe",
    metavar="RECIPE",
    shell_complete=names_of("models", "recipes"),
    help="The name of a recipe or a model, or a recipe's .toml file.",
)
@click.option(
    "--dataset",
    metavar="NAME",
    shell_complete=names_of("datasets"),
    help="The dataset to train a model on (default: mnist).",
)
@click.option(
    "--seed",
    "seeds",
    callback=read_seeds,
    default="0",
    metavar="N[,N..]",
    help="One seed, or several in turn (default: 0).",
)
@click.option("--steps", type=int, metavar="N", help="Short for --set steps=N.")
@settings_option("networks.width=0.5")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The run folder (default: runs/RECIPE/seed-N); several seeds go into DIR/seed-N.",
)
@click.option("--resume", is_flag=True, help="Resume a run that was interrupted.")
@data_dir_option
@click.option("--tensorboard", is_flag=True, help="Also log to TensorBoard, into the run folder.")
@device_option
@click.option(
    "--devices",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Number of GPUs, or CPU processes, to train on (default: 1).",
)
@click.option(
    "--precision",
    type=click.Choice(["auto", "32", "bf16-mixed", "16-mixed"]),
    default="auto",
    metavar="NAME",
    help="auto, 32, bf16-mixed or 16-mixed (default: auto, which is bf16-mixed on GPUs that have it and 32 elsewhere).",
)
@click.option("--compile", is_flag=True, help="Compile the networks: a slow start, then faster steps.")
def train(
    recipe: str,
    seeds: tuple[int, ...],
    out: Path | None,
    steps: int | None,
    settings: Settings,
    **options: Any,
) -> None:
    """Train a model on a dataset. Prints the path of the run folder at the end."""
    from disentangle_bench import train as train_run

    changes = {**({} if steps is None else {"steps": steps}), **dict(settings)}
    for seed in seeds:
        folder = out / f"seed-{seed}" if out and len(seeds) > 1 else out
        run = train_run(recipe, settings=changes, seed=seed, out=folder, **options)
        print_result(f"{run.path}\n")
