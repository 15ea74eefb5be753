"""`dbench compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from disentangle_bench.cli.help import ARGUMENTS, Command
from disentangle_bench.cli.options import all_option, format_option, metrics_option
from disentangle_bench.cli.output import print_report

if TYPE_CHECKING:
    from disentangle_bench.reports.tables import Form


@click.command(
    cls=Command,
    short_help="Compare evaluated runs with the first.",
    examples=(
        "dbench compare runs/gan-with-q-mnist/seed-0 runs/infogan-mnist/seed-0",
        "dbench compare runs/gan-with-q-mnist runs/infogan-mnist    # all their seeds",
        "dbench compare A B --metrics c1-accuracy,mutual-information --all",
        "dbench compare A B --format markdown > table.md",
    ),
)
@click.option_panel("Arguments", options=["runs"], **ARGUMENTS)
@click.argument(
    "runs",
    nargs=-1,
    type=click.Path(path_type=Path),
    metavar="A B [C ..]",
    required=True,
    help="Run folders, folders of seed-N runs, or results.json files. The others differ from A.",
)
@metrics_option("Compare only these (default: all that were evaluated).")
@all_option
@click.option(
    "--figures",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also draw the figures of the comparison into DIR.",
)
@format_option
def compare(
    *, runs: tuple[Path, ...], metrics: tuple[str, ...] | None, every: bool, figures: Path | None, form: Form
) -> None:
    """Compare evaluated runs: one row a metric, the difference to the first with interval, p-value and verdict."""
    from disentangle_bench import compare as compare_runs

    print_report(compare_runs(*runs, metrics=metrics, figures=figures), form, every=every)
