"""`dbench check`."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from disentangle_bench.cli.completion import names_of
from disentangle_bench.cli.help import ARGUMENTS, Command
from disentangle_bench.cli.options import Settings, data_dir_option, format_option, settings_option
from disentangle_bench.cli.output import print_result
from disentangle_bench.cli.tables import print_table

EXIT_FAILED = 1
KINDS = ("metric", "dataset", "model", "networks")


@click.command(
    cls=Command,
    short_help="Check that a metric, dataset, model or networks follow the rules.",
    examples=(
        "dbench check my_package.my_metric",
        "dbench check mig --set num_bins=10",
        "dbench check my-dataset --format json",
        "dbench check my-model --dataset my-dataset",
    ),
)
@click.option_panel("Arguments", options=["name"], **ARGUMENTS)
@click.argument(
    "name",
    metavar="NAME",
    shell_complete=names_of("metrics", "datasets", "models"),
    help="The name of a metric, dataset, model or pair of networks, or the place of one: package.module.object.",
)
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    metavar="NAME",
    help="metric, dataset, model or networks (default: all that bear the name).",
)
@click.option("--dataset", metavar="NAME", help="Try a model with the recipe for this dataset (default: digits).")
@settings_option("num_bins=10, of a model a setting of the recipe")
@data_dir_option
@format_option
@click.pass_context
def check(
    context: click.Context,
    /,
    *,
    name: str,
    kind: str | None,
    dataset: str | None,
    settings: Settings,
    data_dir: Path | None,
    form: str,
) -> None:
    """Try what a package adds by the rules of its kind.

    A metric: bounds, invariances, edge cases, invalid input, reproducibility. A dataset: what it declares, images,
    factors, splits, the same bits twice. A model: means, whose weights move, resuming, the parts of a trained one.
    Networks: shapes and gradients.

    Prints one line per rule, PASS or FAIL, and how many failed; exits with status 1 if a rule fails.
    """
    sys.path.insert(0, str(Path.cwd()))  # where what is being written is found
    from disentangle_bench.workflow.check import check as check_all

    rows = []
    for of, outcome in check_all(name, dict(settings), kind=kind, dataset=dataset, data_dir=data_dir):
        rows.append(("FAIL" if outcome.fault else "PASS", of, outcome.rule, outcome.fault))
        if form == "table":
            said = f"{of}: {outcome.rule}"
            print_result(f"FAIL  {said}: {outcome.fault}\n" if outcome.fault else f"PASS  {said}\n")
            sys.stdout.flush()
    failed = sum(row[0] == "FAIL" for row in rows)
    if form == "table":
        print_result(f"\n{len(rows)} rules: {len(rows) - failed} passed, {failed} failed.\n")
    else:
        print_table(("Result", "Kind", "Rule", "Fault"), rows, 4, form)
    if failed:
        context.exit(EXIT_FAILED)
