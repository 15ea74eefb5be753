"""`dbench check`."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from disentangle_bench.cli.completion import names_of
from disentangle_bench.cli.help import ARGUMENTS, Command
from disentangle_bench.cli.options import Settings, format_option, settings_option
from disentangle_bench.cli.tables import print_table

EXIT_FAILED = 1


@click.command(
    cls=Command,
    short_help="Check that a metric follows the rules.",
    examples=(
        "dbench check my_package.my_metric",
        "dbench check mig --set num_bins=10",
        "dbench check my_package.my_metric --format json",
    ),
)
@click.option_panel("Arguments", options=["metric"], **ARGUMENTS)
@click.argument(
    "metric",
    metavar="METRIC",
    shell_complete=names_of("metrics"),
    help="The name of a metric, or of its function: package.module.function.",
)
@settings_option("KEY=VALUE")
@format_option
@click.pass_context
def check(context: click.Context, metric: str, settings: Settings, form: str) -> None:
    """Try a metric on small representations: bounds, invariances, edge cases, invalid input, reproducibility.

    Prints one line per rule, PASS or FAIL, and how many failed; exits with status 1 if a rule fails.
    """
    from disentangle_bench.metrics.conformance import check as check_metric
    from disentangle_bench.metrics.conformance import find_metric

    sys.path.insert(0, str(Path.cwd()))  # where a metric that is being written is found
    outcomes = []
    for outcome in check_metric(find_metric(metric), dict(settings)):
        outcomes.append(outcome)
        if form == "table":
            click.echo(f"FAIL  {outcome.check}: {outcome.fault}" if outcome.fault else f"PASS  {outcome.check}")
    failed = sum(bool(outcome.fault) for outcome in outcomes)
    if form == "table":
        click.echo(f"\n{len(outcomes)} rules: {len(outcomes) - failed} passed, {failed} failed.")
    else:
        rows = [("FAIL" if outcome.fault else "PASS", outcome.check, outcome.fault) for outcome in outcomes]
        print_table(("Result", "Rule", "Fault"), rows, 3, form)
    if failed:
        context.exit(EXIT_FAILED)
