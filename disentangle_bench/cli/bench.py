"""`dbench bench`: suites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import rich_click as click

from disentangle_bench.cli.help import ARGUMENTS_AS_USED, Command, Group
from disentangle_bench.cli.options import GivenPath, all_option, format_option, metrics_option
from disentangle_bench.cli.output import print_report, print_result, say, say_error, say_warning
from disentangle_bench.cli.suite_options import (
    accepted_option,
    place_options,
    reuse_option,
    suite_argument,
    suite_options,
    work_options,
)

if TYPE_CHECKING:
    from disentangle_bench.reports.tables import Form
    from disentangle_bench.suites.bench import Bench
    from disentangle_bench.suites.cell import Cell
    from disentangle_bench.suites.driver import Event
    from disentangle_bench.suites.engines.engine import Engine


@click.group(
    cls=Group,
    short_help="Train and score many recipes over seeds, with gates.",
    examples=(
        "dbench bench run smoke                        # minutes: the table of continuous integration",
        "dbench bench run paper-mnist --seeds 0-4      # the same command again resumes, or extends",
        "dbench bench check my-suite.toml",
        "dbench bench table my-suite.toml --format latex",
    ),
)
def bench() -> None:
    """Train and score recipes over seeds, as a suite says; nothing that is done is done again.

    A suite is one of the package (`dbench list suites`) or a TOML file of your own. Its results are in
    runs/bench/SUITE.
    """


def _opened(name: str, only: tuple[str, ...] | None = None, **options: Any) -> Bench:
    from disentangle_bench.suites.bench import Bench

    return Bench.open(name, settings=dict(options.pop("settings")), only=only or (), **options)


ENGINE_OPTIONS = ("engine", "jobs", "address", "gpus", "parameters")


def _with_engine(name: str, only: tuple[str, ...] | None, options: dict[str, Any]) -> tuple[Bench, Engine]:
    """Open a suite, and make the engine that the options describe."""
    from disentangle_bench.suites.engines import make_engine

    engine, *given = (options.pop(option) for option in ENGINE_OPTIONS)
    jobs, address, gpus, parameters = given
    opened = _opened(name, only, **options)
    made = make_engine(
        engine, opened.suite, opened.folder.path, jobs=jobs, address=address, gpus=gpus, parameters=dict(parameters)
    )
    return opened, made


@bench.command(
    cls=Command,
    short_help="Train and score what is missing, print the table, check the gates.",
    examples=(
        "dbench bench run smoke",
        "dbench bench run paper-mnist --seeds 0-4 --jobs 2",
        "dbench bench run my-suite.toml --only infogan --dry-run",
        "dbench bench run invariant-mnist --reuse runs/bench/paper-mnist    # InfoGAN and the baseline are trained",
        "dbench bench run smoke --accepted benchmarks/accepted/smoke.json",
        "dbench bench run my-suite.toml --engine slurm --max-jobs 20 --engine-set slurm_partition=gpu",
        "dbench bench run my-suite.toml --engine ray --address auto",
    ),
)
@suite_options
@work_options
@reuse_option
@click.option(
    "--fail-fast/--keep-going", default=False, help="Stop at the first cell that fails (default: keep going)."
)
@click.option("--dry-run", is_flag=True, help="List the cells, how they stand and how long they take; train nothing.")
@accepted_option
@click.option("--require-accepted", is_flag=True, help="Exit with status 4 where a gate lacks accepted results.")
@all_option
@format_option
@click.pass_context
def run(
    context: click.Context,
    /,
    *,
    name: str,
    only: tuple[str, ...] | None,
    sources: tuple[Path, ...],
    fail_fast: bool,
    dry_run: bool,
    accepted: Path | None,
    require_accepted: bool,
    every: bool,
    form: Form,
    **options: Any,
) -> None:
    """Train and score what is missing, print the table, check the gates.

    Exits with status 1 if a cell failed, 3 if a gate fell short, 4 if a gate measured nothing. Ctrl-C saves; the same
    command resumes.
    """
    from disentangle_bench.suites.reuse import Reuse

    opened, engine = _with_engine(name, only, options)
    reuse = Reuse(opened, sources)
    opened.accepted(accepted)  # of another suite they are refused now, not after hours of training
    if dry_run:
        engine.check()
        _warn(opened, engine)
        _print_plan(opened, form, reuse.reasons())
        return
    reuse(say)
    if opened.has_work():
        _check(opened, engine, context)
    opened.run(engine, fail_fast=fail_fast, on_event=_say_event)
    code = _finish(opened, accepted, form, required=require_accepted, every=every)
    context.exit(_without_model(opened, opened.without_model()) or code)


def _check(bench: Bench, engine: Engine, context: click.Context) -> None:
    """Stop before the first step if something is wrong."""
    faults = bench.faults(engine)
    for fault in faults:
        say_error(f"{fault.where}: {fault.problem}", fault.remedy)
    if faults:
        context.exit(2)
    _warn(bench, engine)


def _warn(bench: Bench, engine: Engine) -> None:
    warning = bench.warning(engine)
    if warning is not None:
        say_warning(f"{warning.where}: {warning.problem}", warning.remedy)


def _finish(
    bench: Bench,
    accepted: Path | None,
    form: Form,
    *,
    required: bool,
    every: bool,
    metrics: tuple[str, ...] | None = None,
) -> int:
    """Print the table, of other metrics if they were asked for, and the gates; returns the exit status."""
    from disentangle_bench.suites.bench import exit_status, write_step_summary

    gates = bench.check_gates(bench.table(), accepted, required=required)
    table = replace(bench.table(metrics, every=every), gates=tuple(gates))
    print_report(table, form)
    for gate in gates:
        say(str(gate))
    write_step_summary(table, gates)
    return exit_status(table, gates, bench.only)


def _without_model(bench: Bench, cells: Sequence[Cell]) -> int:
    """Say which cells cannot be scored, if any; returns the exit status of that."""
    if not cells:
        return 0
    names = ", ".join(cell.name for cell in cells)
    say_error(
        f"Scores of {names} are missing or of an older version, and their models are not in {bench.folder.path}: "
        "published results leave them out.",
        f"Train them in another folder: `dbench bench run {bench.suite.argument} --out ANOTHER-FOLDER`.",
    )
    return 1


def _say_event(event: Event | str) -> None:
    say(str(event))


def _print_plan(bench: Bench, form: Form, reasons: Mapping[Cell, str] = MappingProxyType({})) -> None:
    from disentangle_bench.cli.tables import print_table
    from disentangle_bench.evaluation.forecast import in_words

    rows = [
        (
            of.cell.entry,
            of.cell.seed,
            of.state,
            of.attempts,
            in_words(of.seconds) if of.seconds else None,
            reasons.get(of.cell, of.reason),
        )
        for of in bench.plan()
    ]
    print_table(("Entry", "Seed", "State", "Attempts", "Takes", "Reason"), rows, 6, form)


@bench.command(
    cls=Command,
    short_help="Find everything that is wrong with a suite before its first step.",
    examples=("dbench bench check my-suite.toml", "dbench bench check my-suite.toml --dry"),
)
@suite_options
@work_options
@click.option("--dry", is_flag=True, help="Also train each recipe for a few steps and compute each metric on few rows.")
@click.pass_context
def check(context: click.Context, /, *, name: str, only: tuple[str, ...] | None, dry: bool, **options: Any) -> None:
    """Find everything that is wrong with a suite: names, data, networks, metrics, gates, folder, disk space.

    Missing datasets are downloaded. Exits with status 2 if something is wrong.
    """
    opened, engine = _with_engine(name, only, options)
    _check(opened, engine, context)
    if dry:
        failures = opened.dry_run(engine, on_event=_say_event)
        if failures:
            context.exit(1)
    print_result(f"{opened.suite.name}: nothing is wrong.\n")


@bench.command(
    cls=Command,
    name="table",
    short_help="Print the table of what is done.",
    examples=("dbench bench table smoke", "dbench bench table my-suite.toml --format latex > table.tex"),
)
@suite_options
@metrics_option("Only these, of the suite's or not (default: those of the suite).")
@all_option
@format_option
def table_command(*, name: str, metrics: tuple[str, ...] | None, every: bool, form: Form, **options: Any) -> None:
    """Print the table of what is done: mean over seeds with its 95 % interval, tie groups."""
    print_report(_opened(name, **options).table(metrics, every=every), form)


@bench.command(
    cls=Command,
    short_help="List the cells and how they stand.",
    examples=("dbench bench status my-suite.toml", "dbench bench status smoke --format json"),
)
@suite_options
@format_option
def status(*, name: str, form: Form, **options: Any) -> None:
    """List every cell: waiting, running, done, collapsed, failed, timed-out, cancelled or stale."""
    _print_plan(_opened(name, **options), form)


@bench.command(
    cls=Command,
    short_help="Compute scores again whose metric has a newer version; train nothing.",
    examples=("dbench bench rescore my-suite.toml --metrics dci,infomec",),
)
@suite_options
@work_options
@metrics_option("Only these, of the suite's or not (default: those of the suite).")
@all_option
@format_option
@click.pass_context
def rescore(
    context: click.Context,
    /,
    *,
    name: str,
    only: tuple[str, ...] | None,
    metrics: tuple[str, ...] | None,
    every: bool,
    form: Form,
    **options: Any,
) -> None:
    """Compute scores that are missing or of an older version of a metric, from stored models and representations.

    Nothing is trained. The table shows the metrics that were asked for; `dbench bench table --metrics` prints it again.
    """
    opened, engine = _with_engine(name, only, options)
    engine.check()
    opened.rescore(engine, metrics, on_event=_say_event)
    code = _finish(opened, None, form, required=False, every=every, metrics=metrics)
    context.exit(_without_model(opened, opened.without_model(metrics, outdated=True)) or code)


@bench.command(
    cls=Command,
    short_help="Accept the results, so that a later fall turns a gate red.",
    examples=("dbench bench accept smoke --accepted benchmarks/accepted/smoke.json",),
)
@suite_options
@accepted_option
def accept(*, name: str, accepted: Path | None, **options: Any) -> None:
    """Write the results as accepted, with their spread over seeds, and suggest tolerances of three sd."""
    from disentangle_bench.suites.accepted import suggestions

    opened = _opened(name, **options)
    for line in suggestions(opened.accept(accepted).entries):
        say(line)
    print_result(f"{accepted or opened.accepted_file}\n")


@bench.command(
    cls=Command,
    short_help="Publish the results: a small folder that prints the same table.",
    examples=("dbench bench export smoke benchmarks/results/smoke",),
)
@click.option_panel("Arguments", options=["name", "folder"], **ARGUMENTS_AS_USED)
@suite_argument
@click.argument("folder", type=GivenPath(path_type=Path, file_okay=False), metavar="DIR", help="The published folder.")
@place_options
@click.option("--replace", is_flag=True, help="Let published cells be replaced by the same seeds, trained again.")
@click.option("--processor", metavar="NAME", default="", help="Name of the processor, for runs that did not record it.")
def export(*, name: str, folder: Path, replace: bool, processor: str, **options: Any) -> None:
    """Publish every cell that has ended, of whatever seed, collapsed and failed ones too, with a page and figures.

    A published cell is its recipe, log, provenance, scores and attempts, without models and names of folders or
    machines. Cells that are there stay, and `dbench bench table SUITE --out DIR` prints the table.
    """
    from disentangle_bench.suites.export import Export
    from disentangle_bench.suites.folder import SuiteFolder
    from disentangle_bench.suites.page import write_page

    opened = _opened(name, **options)
    published = Export(opened, SuiteFolder(folder), replace, processor, say)()
    write_page(published, opened)
    print_result(f"{folder}\n")
