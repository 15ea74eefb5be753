"""`dbench export`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from disentangle_bench.cli.help import ARGUMENTS, Command
from disentangle_bench.cli.options import GivenPath, data_dir_option
from disentangle_bench.cli.output import print_result, say


@click.command(
    cls=Command,
    short_help="Export a trained model: ONNX, weights, or a folder for a model hub.",
    examples=(
        "dbench export runs/infogan-mnist/seed-0 --to onnx",
        "dbench export runs/infogan-mnist/seed-0 --to safetensors --out infogan.safetensors",
        "dbench export runs/infogan-mnist/seed-0 --to folder --license cc-by-4.0",
    ),
)
@click.option_panel("Arguments", options=["run"], **ARGUMENTS)
@click.argument("run", type=GivenPath(path_type=Path), metavar="RUN", help="The folder of a finished run.")
@click.option(
    "--to",
    type=click.Choice(["onnx", "safetensors", "folder"]),
    required=True,
    metavar="FORM",
    help="onnx: a graph for generator, posterior and encoder. safetensors: all weights in one file. folder: both, with "
    "a model card, scores and figures, ready for a model hub.",
)
@click.option(
    "--out",
    type=GivenPath(path_type=Path),
    metavar="PATH",
    help="The folder or file (default: named for recipe and seed, in the current folder).",
)
@click.option(
    "--license",
    "weights_license",
    default="",
    metavar="NAME",
    help="License of the weights, for the model card, such as cc-by-4.0.",
)
@data_dir_option
def export(run: Path, **options: Any) -> None:
    """Export the model of a run. Prints the path of what was written.

    ONNX needs `pip install 'disentangle-bench[onnx]'`. Each graph is compared with PyTorch on random codes; one that
    differs by more than 1e-4 is not written. It overwrites only an earlier export.
    """
    from disentangle_bench.workflow.export import export as write

    print_result(f"{write(run, **options, on_progress=say)}\n")
