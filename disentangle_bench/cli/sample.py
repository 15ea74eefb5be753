"""`dbench sample`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import rich_click as click

from disentangle_bench.cli.help import ARGUMENTS, Command
from disentangle_bench.cli.options import GivenPath, Settings, data_dir_option, device_option, read_settings
from disentangle_bench.cli.output import print_result

Sweeps = dict[str, str]


def read_sweeps(_ctx: click.Context, _parameter: click.Parameter, texts: Iterable[str]) -> Sweeps:
    """`NAME=VALUES` texts by name, none of them twice."""
    sweeps: Sweeps = {}
    for text in texts:
        name, equals, values = (part.strip() for part in text.partition("="))
        if not name or not equals or name in sweeps:
            raise click.BadParameter(f"{text!r} is not another code with its values, such as c2=-2..2 or c1=all.")
        sweeps[name] = values
    return sweeps


@click.command(
    cls=Command,
    short_help="Draw what a trained model generates.",
    examples=(
        "dbench sample runs/infogan-mnist/seed-0                           # 16 draws",
        "dbench sample runs/infogan-mnist/seed-0 --set c1=4 --sweep c2=-2..2 --out c2.png",
        "dbench sample runs/infogan-mnist/seed-0 --sweep c2=-2..2 --sweep c1=all --out grid.pdf",
        "dbench sample runs/infogan-mnist/seed-0 --sweep c3=-1..1:30 --n 25 --out c3.gif",
    ),
)
@click.option_panel("Arguments", options=["run"], **ARGUMENTS)
@click.argument("run", type=GivenPath(path_type=Path), metavar="RUN", help="The folder of a finished run.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    callback=read_settings,
    metavar="CODE=VALUE",
    help="Hold a code at a value, as in c1=4 (repeatable).",
)
@click.option(
    "--sweep",
    "sweeps",
    multiple=True,
    callback=read_sweeps,
    metavar="CODE=VALUES",
    help="The values that a code takes in turn: -2..2 (9 of them), -2..2:21, 0..9, 1,4,7 or all. A first sweep goes "
    "across, a second one down; in a .gif the first goes from frame to frame, a second one across.",
)
@click.option(
    "--n",
    type=int,
    metavar="N",
    help="Draws of noise and of the other codes (default: 16; with one sweep 8, with two 1).",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, metavar="N", help="Seed of the draws (default: 0).")
@click.option(
    "--out",
    type=GivenPath(path_type=Path),
    default=Path("samples.png"),
    metavar="FILE",
    help="Where the image goes: a .png, .svg, .pdf or, animated, .gif (default: samples.png).",
)
@device_option
@data_dir_option
def sample(run: Path, out: Path, settings: Settings, sweeps: Sweeps, **options: Any) -> None:
    """Draw images of a trained model, with codes held or swept. Prints the path of the file.

    It overwrites only another file of samples.
    """
    from disentangle_bench.workflow.sample import sample as draw

    draw(run, out, codes=dict(settings), sweeps=sweeps, **options)
    print_result(f"{out}\n")
