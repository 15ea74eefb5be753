"""`dbench eval`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from disentangle_bench.cli.evaluation import evaluation_options, read_evaluation
from disentangle_bench.cli.help import ARGUMENTS_AS_USED, Command
from disentangle_bench.cli.live_table import live_table
from disentangle_bench.cli.model import model_options, read_model, subject_maker
from disentangle_bench.cli.options import GivenPath, all_option, figure_formats_option, format_option, metrics_option
from disentangle_bench.cli.output import say, say_error
from disentangle_bench.cli.progress import watch
from disentangle_bench.cli.score_printer import score_printer
from disentangle_bench.errors import DbenchError, DeviceError, SettingError, UnknownNameError

if TYPE_CHECKING:
    from disentangle_bench.evaluation.results import Results
    from disentangle_bench.reports.tables import Form

EXIT_FAILED = 1
_SAME_FOR_ALL = (UnknownNameError, SettingError, DeviceError)
"""Errors in the command itself, which every subject would meet."""


@click.command(
    cls=Command,
    name="eval",
    short_help="Score runs, codes or a model of your own.",
    examples=(
        "dbench eval runs/infogan-mnist/seed-0",
        "dbench eval runs/infogan-mnist    # all its seeds",
        "dbench eval runs/infogan-mnist/seed-0 --metrics c1-accuracy",
        "dbench eval my-codes.npz --format json",
        "dbench eval my-codes.npz --figures figures    # heat maps of codes and factors",
        "dbench eval my-codes.npz --metrics mig,dci --bootstrap 200 --out my-scores.json",
        "dbench eval my-codes.npz --factors shape,scale --merge c1+c2=pose --missing -1",
        "dbench eval --encoder my_package.my_vae:encoder --dataset dsprites",
        "dbench eval --encoder enc.onnx --dataset mnist --generator dec.pt2 --latents gaussian*10",
    ),
)
@click.option_panel("Arguments", options=["subjects"], **ARGUMENTS_AS_USED)
@click.argument(
    "subjects",
    nargs=-1,
    type=GivenPath(path_type=Path),
    metavar="[SUBJECT ..]",
    help="Run folders, .npz or .h5 files with codes and, if known, factors, or folders of seed-N runs or such files.",
)
@metrics_option("Only these, or `all` (default: the widely used ones; of a run, those of them that are not slow).")
@model_options
@evaluation_options
@all_option
@click.option(
    "--figures",
    type=GivenPath(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Draw figures into DIR, of a file of codes as well (default: of a run, in its folder).",
)
@click.option("--no-figures", is_flag=True, help="Leave out the figures.")
@figure_formats_option
@click.option(
    "--out",
    type=GivenPath(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep the scores in this JSON file, which the same command resumes from (default: in the run folder).",
)
@click.option("--again", is_flag=True, help="Compute everything again, even what is kept.")
@format_option
@click.pass_context
def evaluate(
    context: click.Context,
    /,
    *,
    subjects: tuple[Path, ...],
    metrics: tuple[str, ...] | None,
    every: bool,
    figures: Path | None,
    no_figures: bool,
    form: Form,
    **options: Any,
) -> None:
    """Score runs, codes or a model of your own: every score with its interval, chance level and ceiling.

    A run keeps its scores in results.json, its codes in representation.h5 and its figures in figures/. Each metric is
    kept as soon as it is done; the same command computes only what is missing.
    """
    from disentangle_bench.workflow.groups import subjects_at

    model = read_model(options)
    if not model and not subjects:
        raise click.UsageError("There is nothing to score: give runs, files of codes, or --encoder or --generator.")
    if model and subjects:
        raise click.UsageError("Give runs or files of codes, or --encoder or --generator, not both.")
    paths = list(dict.fromkeys(folder for path in subjects for folder in subjects_at(path)))
    if options["out"] is not None and len(paths) > 1:
        raise click.UsageError("--out takes the scores of one subject; give one, or leave --out out.")
    if figures is not None and len(paths) > 1:
        raise click.UsageError("--figures takes the figures of one subject; give one, or leave --figures out.")
    if figures is not None and no_figures:
        raise click.UsageError("--figures and --no-figures contradict each other; leave one of them out.")

    from disentangle_bench import evaluate as evaluate_subject

    table = live_table(form, every=every)
    asked = read_evaluation(options)
    paths = [Path(model.get("encoder") or model["generator"])] if model else paths
    make = subject_maker(model, asked) if model else None

    def score(path: Path) -> Results:
        with watch(table) as on_progress:
            return evaluate_subject(
                path if make is None else make(on_progress),
                metrics,
                figures=figures or not no_figures,
                on_progress=on_progress,
                **asked,
                **options,
            )

    with score_printer(form, several=len(paths) > 1, every=every, table=table) as show:
        exit_code = _score_each(paths, score, show)
    context.exit(exit_code)


def _score_each(paths: Sequence[Path], score: Callable[[Path], Results], show: Callable[[Path, Results], None]) -> int:
    """Score subjects one after the other; what one of them cannot be does not stop the others.

    Returns:
        The exit code: 0 if all went well, 2 if none of them could be scored, 1 if some failed.
    """
    from disentangle_bench.evaluation.score import EvaluationInterrupted, UnkeptScoresError

    codes = []
    for path in paths:
        try:
            results = score(path)
            code = EXIT_FAILED if results.failed else 0
        except EvaluationInterrupted as interruption:
            show(path, interruption.results)
            raise
        except UnkeptScoresError as error:
            say_error(error.problem, error.remedy)
            results, code = error.results, error.exit_code
        except DbenchError as error:
            if len(paths) == 1 or isinstance(error, _SAME_FOR_ALL):
                raise
            say_error(f"{path}: {error.problem}", error.remedy)
            codes.append(error.exit_code)
            continue
        show(path, results)
        if results.failed:
            say(f"Failed: {', '.join(results.failed)}. The reasons stand below the scores.")
        codes.append(code)
    return codes[0] if len(set(codes)) == 1 else EXIT_FAILED
