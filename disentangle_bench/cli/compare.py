"""`dbench compare`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from disentangle_bench.cli.evaluation import evaluation_options, read_evaluation
from disentangle_bench.cli.help import ARGUMENTS_AS_USED, Command
from disentangle_bench.cli.options import GivenPath, all_option, figure_formats_option, format_option, metrics_option
from disentangle_bench.cli.output import import_printing, print_report, say
from disentangle_bench.cli.progress import watch

if TYPE_CHECKING:
    from disentangle_bench.reports.tables import Form

EXIT_FAILED = 1


def read_margin(_ctx: click.Context, _parameter: click.Parameter, margin: float | None) -> float | None:
    """A number that values can fall below."""
    if margin is not None and not math.isfinite(margin):
        raise click.BadParameter(f"{margin} is not a margin; give a number such as -0.02.")
    return margin


def read_groups(_ctx: click.Context, _parameter: click.Parameter, texts: Iterable[str]) -> dict[str, str]:
    """`NAME=GLOB` texts by name."""
    groups: dict[str, str] = {}
    for text in texts:
        name, equals, pattern = text.partition("=")
        if not name.strip() or not equals or not pattern:
            raise click.BadParameter(f"{text!r} is not of the form NAME=GLOB, such as vae='vae/*.npz'.")
        if name.strip() in groups:
            raise click.BadParameter(f"The group {name.strip()!r} is given twice.")
        groups[name.strip()] = pattern
    return groups


@click.command(
    cls=Command,
    short_help="Compare runs or files with the first.",
    examples=(
        "dbench compare runs/gan-with-q-mnist runs/infogan-mnist    # all their seeds",
        "dbench compare theirs.npz ours.npz    # two files: these two, not the methods",
        "dbench compare theirs/ ours/    # folders of files, one for each seed",
        "dbench compare --group vae='out/vae-*/codes.npz' --group ours='out/ours-*/codes.npz'",
        "dbench compare A B --metrics c1-accuracy,dci.completeness --format markdown",
        "dbench compare theirs.npz ours.npz --factors shape,scale --missing -1",
        "dbench compare base.json new.npz --metrics mig --fail-below -0.02    # a gate",
    ),
)
@click.option_panel("Arguments", options=["subjects"], **ARGUMENTS_AS_USED)
@click.argument(
    "subjects",
    nargs=-1,
    type=GivenPath(path_type=Path),
    metavar="A B [C ..]",
    help="Run folders, .npz or .h5 files with codes, .json files of `dbench eval --out`, or folders with the seed-N "
    "runs or the files of one method. The others differ from A.",
)
@click.option(
    "--group",
    "patterns",
    multiple=True,
    callback=read_groups,
    metavar="NAME=GLOB",
    help="The runs or files of one method, one for each seed, as one more subject (repeatable).",
)
@metrics_option(
    "Compare only these metrics, or single scores such as dci.completeness, or `all` (default: all that there are)."
)
@click.option(
    "--fail-below",
    type=float,
    callback=read_margin,
    metavar="MARGIN",
    help="Exit with status 3 if a score of --metrics is not at least MARGIN better than A's (-0.02: it may be 0.02 "
    "worse), with 4 if there is nothing to measure.",
)
@evaluation_options
@all_option
@click.option(
    "--figures",
    type=GivenPath(path_type=Path),
    metavar="DIR",
    help="Also draw the figures of the comparison into DIR.",
)
@figure_formats_option
@format_option
@click.pass_context
def compare(
    context: click.Context,
    /,
    *,
    subjects: tuple[Path, ...],
    patterns: dict[str, str],
    metrics: tuple[str, ...] | None,
    fail_below: float | None,
    every: bool,
    form: Form,
    **options: Any,
) -> None:
    """Compare runs or files with the first: one row a metric, the difference with interval, p-value and verdict.

    What has no scores yet is scored as by `dbench eval`, which has the same options; scores that are kept and were
    made with other ones are refused. Several runs or files of one method are compared over their seeds, paired where
    the seeds are the same; single ones over their samples, which says nothing about the methods.
    """
    if not subjects and not patterns:
        raise click.UsageError("Missing argument 'A B [C ..]'.")
    if fail_below is not None and metrics is None:
        raise click.UsageError("--fail-below needs --metrics: which scores may not be worse?")

    from disentangle_bench import compare as compare_subjects
    from disentangle_bench.evaluation.comparison import check_gate

    import_printing()
    asked = read_evaluation(options)
    with watch() as on_progress:
        comparison = compare_subjects(
            *subjects, groups=patterns, metrics=metrics, on_progress=on_progress, **asked, **options
        )
    print_report(comparison, form, every=every)
    if fail_below is not None:
        say(check_gate(comparison, fail_below))
    if comparison.failed:
        say(f"Failed: {', '.join(comparison.failed)}. The reasons stand below the scores.")
        context.exit(EXIT_FAILED)
