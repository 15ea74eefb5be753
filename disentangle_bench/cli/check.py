"""`dbench check`."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from disentangle_bench.cli.completion import names_of
from disentangle_bench.cli.help import ARGUMENTS, Command
from disentangle_bench.cli.options import Settings, settings_option


@click.command(
    cls=Command,
    short_help="Check a metric of your own against the rules.",
    examples=(
        "dbench check my_package.my_metric",
        "dbench check mig --set num_bins=10",
    ),
)
@click.option_panel("Arguments", options=["metric"], **ARGUMENTS)
@click.argument(
    "metric",
    metavar="METRIC",
    shell_complete=names_of("metrics"),
    help="A metric's name, or where its function is: package.module.function.",
)
@settings_option("KEY=VALUE")
@click.pass_context
def check(context: click.Context, metric: str, settings: Settings) -> None:
    """Try a metric on small representations: bounds, invariances, odd and wrong input, reproducibility.

    One line a rule; ends with 1 if one is broken.
    """
    from disentangle_bench.metrics.conformance import check as check_metric
    from disentangle_bench.metrics.conformance import find_metric

    sys.path.insert(0, str(Path.cwd()))  # a metric that is being written lies here
    broken = 0
    for outcome in check_metric(find_metric(metric), dict(settings)):
        broken += bool(outcome.fault)
        click.echo(f"broken  {outcome.check}: {outcome.fault}" if outcome.fault else f"kept    {outcome.check}")
    if broken:
        context.exit(1)
