"""`dbench eval`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from disentangle_bench.cli.completion import names_of
from disentangle_bench.cli.help import ARGUMENTS, Command
from disentangle_bench.cli.options import (
    Settings,
    by_metric,
    data_dir_option,
    device_option,
    format_option,
    read_words,
    seed_option,
    settings_option,
)
from disentangle_bench.cli.output import print_report, say

if TYPE_CHECKING:
    from disentangle_bench.reports.tables import Form


@click.command(
    cls=Command,
    name="eval",
    short_help="Score a run, or codes of your own.",
    examples=(
        "dbench eval runs/infogan-mnist/seed-0",
        "dbench eval runs/infogan-mnist/seed-0 --metrics c1-accuracy",
        "dbench eval my-codes.npz --format json",
        "dbench eval my-codes.npz --metrics mig,dci --bootstrap 200",
    ),
)
@click.option_panel("Arguments", options=["subject"], **ARGUMENTS)
@click.argument(
    "subject",
    type=click.Path(path_type=Path),
    metavar="SUBJECT",
    help="A run folder, or an .npz or .h5 file with codes and, if known, factors.",
)
@click.option(
    "--metrics",
    callback=read_words,
    metavar="A,B,..",
    shell_complete=names_of("metrics"),
    help="Only these, or `all` (default: the widely used ones; of a run, those of them that are not slow).",
)
@settings_option("METRIC.KEY=VALUE")
@seed_option
@click.option(
    "--bootstrap",
    type=click.IntRange(min=0),
    metavar="N",
    help="Resamples for intervals of metrics of codes and factors (default: 100; 0 if slow or of many rows).",
)
@click.option("--no-levels", is_flag=True, help="Leave out chance and ceiling where they are simulated.")
@click.option("--no-figures", is_flag=True, help="Leave out the figures.")
@format_option
@device_option
@data_dir_option
def evaluate(
    *,
    subject: Path,
    metrics: tuple[str, ...] | None,
    settings: Settings,
    no_levels: bool,
    no_figures: bool,
    form: Form,
    **options: Any,
) -> None:
    """Score a run, or codes of your own: every score with its interval, chance level and ceiling.

    A run keeps its scores in results.json, its codes in representation.h5 and its pictures in figures/.
    """
    from disentangle_bench import evaluate as evaluate_subject

    scores = evaluate_subject(
        subject,
        metrics,
        settings=by_metric(settings),
        levels=not no_levels,
        figures=not no_figures,
        on_progress=say,
        **options,
    )
    print_report(scores, form)
    if subject.is_dir():
        say(f"Kept in {subject}: results.json, representation.h5{'' if no_figures else ', figures'}.")
