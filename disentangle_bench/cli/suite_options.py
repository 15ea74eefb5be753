"""What the commands of `dbench bench` have in common: which suite, where its results are, and what works on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import rich_click as click

from disentangle_bench.cli.help import ARGUMENTS_AS_USED
from disentangle_bench.cli.options import (
    Function,
    GivenPath,
    data_dir_option,
    read_seeds,
    read_settings,
    read_words,
    settings_option,
)


def together(*decorators: Callable[[Function], Function]) -> Callable[[Function], Function]:
    """Several options as one decorator."""

    def decorate(function: Function) -> Function:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


suite_argument = click.argument("name", metavar="SUITE", help="The name of a suite, or a suite's .toml file.")
seeds_option = click.option(
    "--seeds",
    multiple=True,
    callback=lambda *of: read_seeds(*of) if of[2] else None,
    metavar="N[,N..]",
    help="Seeds in place of the suite's (repeatable).",
)
place_options = together(
    settings_option("steps=100 for all recipes, or training.precision=32: a variant, never ranked with the suite"),
    click.option(
        "--out",
        type=GivenPath(path_type=Path, file_okay=False),
        metavar="DIR",
        help="The folder of the results (default: runs/bench/SUITE).",
    ),
    data_dir_option,
)
suite_options = together(
    click.option_panel("Arguments", options=["name"], **ARGUMENTS_AS_USED), suite_argument, seeds_option, place_options
)
work_options = together(
    click.option(
        "--only",
        multiple=True,
        callback=read_words,
        metavar="ENTRY,..",
        help="Work on these entries only (repeatable).",
    ),
    click.option(
        "--jobs",
        "--max-jobs",
        type=click.IntRange(min=1),
        metavar="N",
        help="Cells at a time (default: one for each processor or GPU; on clusters as many as there is room for).",
    ),
    click.option(
        "--engine",
        type=click.Choice(["local", "slurm", "ray"]),
        default="local",
        metavar="NAME",
        help="local, slurm or ray (default: local).",
    ),
    click.option(
        "--address", metavar="ADDRESS", help="Address of the Ray cluster; auto finds the one of this machine."
    ),
    click.option(
        "--gpus-per-cell",
        "gpus",
        type=click.FloatRange(min=0),
        metavar="N",
        help="GPUs of each cell, on Ray (default: 0).",
    ),
    click.option(
        "--engine-set",
        "parameters",
        multiple=True,
        callback=read_settings,
        metavar="KEY=VALUE",
        help="A parameter of submitit, as in slurm_partition=gpu (repeatable).",
    ),
)
reuse_option = click.option(
    "--reuse",
    "sources",
    multiple=True,
    type=GivenPath(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Take what is finished there: the folder of another suite's results, or published ones (repeatable).",
)
accepted_option = click.option(
    "--accepted",
    type=GivenPath(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Accepted results (default: accepted.json in the folder of the results).",
)
