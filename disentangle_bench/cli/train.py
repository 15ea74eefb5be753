"""`dbench train`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from disentangle_bench.cli.completion import names_of
from disentangle_bench.cli.help import ARGUMENTS, Command
from disentangle_bench.cli.options import (
    GivenPath,
    Settings,
    data_dir_option,
    device_option,
    read_seeds,
    settings_option,
)
from disentangle_bench.cli.output import print_result, say, say_error
from disentangle_bench.cli.sharing import share_processors
from disentangle_bench.errors import RunError, StorageError

if TYPE_CHECKING:
    from disentangle_bench.run import Run

EXIT_SOME_FAILED = 1


@click.command(
    cls=Command,
    short_help="Train a model on a dataset.",
    examples=(
        "dbench train infogan                     # MNIST, the paper's networks",
        "dbench train infogan --dataset digits    # small: minutes on two cores",
        "dbench train gan-with-q --seed 0-2       # three runs, one after the other",
        "dbench train infogan --steps 500 --set latents.codes.0.k=12",
        "dbench train infogan --dataset digits --set model.game=wgan-gp",
        "dbench train infogan-modified --dataset dsprites",
        "dbench train infogan-mnist --resume      # after Ctrl-C",
        "dbench train infogan-mnist --resume --steps 10000   # make a run longer, finished or not",
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
    multiple=True,
    callback=read_seeds,
    default=("0",),
    metavar="N[,N-N..]",
    help="One seed, or several in turn, as in 0-2 or 0,3,5-7 (default: 0).",
)
@click.option("--steps", type=int, metavar="N", help="Short for --set steps=N.")
@settings_option("networks.width=0.5")
@click.option(
    "--out",
    type=GivenPath(path_type=Path),
    metavar="DIR",
    help="The run folder (default: runs/RECIPE/seed-N); several seeds go into DIR/seed-N.",
)
@click.option("--resume", is_flag=True, help="Resume a run that was interrupted, or prolong one with more --steps.")
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
@click.pass_context
def train(
    context: click.Context,
    /,
    *,
    recipe: str,
    seeds: tuple[int, ...],
    out: Path | None,
    steps: int | None,
    settings: Settings,
    **options: Any,
) -> None:
    """Train a model on a dataset. Prints the path of the run folder at the end."""
    share_processors()
    from disentangle_bench import train as train_run

    changes = {**({} if steps is None else {"steps": steps}), **dict(settings)}

    def train_seed(seed: int) -> Run:
        folder = out / f"seed-{seed}" if out and len(seeds) > 1 else out
        return train_run(recipe, settings=changes, seed=seed, out=folder, **options)

    context.exit(_train_each(seeds, train_seed))


def _train_each(seeds: Sequence[int], train_seed: Callable[[int], Run]) -> int:
    """Train seeds one after the other; the failure of one does not stop the others.

    Returns:
        The exit code: 0 if all went well, that of the failures if all failed alike, 1 if some failed.
    """
    codes = []
    for place, seed in enumerate(seeds):
        code = 0
        try:
            print_result(f"{train_seed(seed).path}\n")
            sys.stdout.flush()
        except KeyboardInterrupt as interruption:
            raise KeyboardInterrupt(f"{interruption}{_not_begun(seeds[place + 1 :])}") from None
        except (RunError, StorageError) as error:
            if len(seeds) == 1:
                raise
            say_error(f"Seed {seed}: {error.problem}", error.remedy)
            code = error.exit_code
        codes.append(code)
    failed = [str(seed) for seed, code in zip(seeds, codes, strict=True) if code]
    if failed:
        say(f"Trained {len(seeds) - len(failed)} of {len(seeds)} seeds; failed: {', '.join(failed)}.")
    return codes[0] if len(set(codes)) == 1 else EXIT_SOME_FAILED


def _not_begun(seeds: Sequence[int]) -> str:
    """What an interruption says of the seeds whose turn had not come."""
    if not seeds:
        return ""
    listed = f"Seed {seeds[0]} has" if len(seeds) == 1 else f"Seeds {', '.join(map(str, seeds))} have"
    return f"\n{listed} not begun; the command that you gave trains all seeds if you add --resume."
