"""`dbench report`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from disentangle_bench.cli.help import ARGUMENTS_AS_USED, Command
from disentangle_bench.cli.options import GivenPath, data_dir_option, read_seeds, settings_option
from disentangle_bench.cli.output import print_result


@click.command(
    cls=Command,
    short_help="Write the results of a suite, or of runs, as one HTML page.",
    examples=(
        "dbench report runs/infogan-mnist/seed-0",
        "dbench report runs/infogan-mnist runs/gan-with-q-mnist    # all their seeds, and the baseline's",
        "dbench report smoke --out smoke.html",
        "dbench report runs/bench/smoke    # the folder of its results",
        "dbench report my-suite.toml --accepted accepted.json",
    ),
)
@click.option_panel("Arguments", options=["subjects"], **ARGUMENTS_AS_USED)
@click.argument(
    "subjects",
    nargs=-1,
    required=True,
    metavar="RUN|SUITE..",
    help="Run folders, or folders with the seed-N runs of a recipe; or one suite: its name, its .toml file, or the "
    "folder of its results.",
)
@click.option(
    "--out",
    type=GivenPath(path_type=Path, dir_okay=False),
    default="report.html",
    metavar="FILE",
    help="The page (default: report.html).",
)
@click.option(
    "--seeds",
    callback=lambda *of: None if of[2] is None else read_seeds(*of),
    metavar="N[,N..]",
    help="Seeds in place of the suite's.",
)
@settings_option("steps=100, if the suite was run with it")
@click.option(
    "--results",
    type=GivenPath(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The folder of the suite's results (default: runs/bench/SUITE).",
)
@click.option(
    "--accepted",
    type=GivenPath(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Accepted results (default: accepted.json in the folder of the results).",
)
@data_dir_option
def report(*, subjects: tuple[str, ...], settings: Any, **options: Any) -> None:
    """Write one HTML page that needs nothing beside itself, from stored results alone: what ran, the scores over seeds,
    every seed, every run with its figures, and how scores go together.
    """
    from disentangle_bench.suites.write_report import write_report

    write_report(subjects, settings=dict(settings), **options)
    print_result(f"{options['out']}\n")
