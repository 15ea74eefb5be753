"""`dbench list` and `dbench show`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from disentangle_bench.cli.completion import names_of
from disentangle_bench.cli.facts import KINDS
from disentangle_bench.cli.help import ARGUMENTS, Command
from disentangle_bench.cli.options import format_option
from disentangle_bench.cli.sheets import print_run, print_sheet
from disentangle_bench.cli.tables import print_rows
from disentangle_bench.errors import UnknownNameError


@click.command(
    cls=Command,
    name="list",
    short_help="List models, datasets, metrics or recipes.",
    examples=(
        "dbench list metrics",
        "dbench list recipes --format markdown",
    ),
)
@click.option_panel("Arguments", options=["kind"], **ARGUMENTS)
@click.argument("kind", type=click.Choice(list(KINDS)), metavar="KIND", help="models, datasets, metrics or recipes.")
@format_option
def list_kind(kind: str, form: str) -> None:
    """List everything of one kind, plug-ins included."""
    print_rows(KINDS[kind].headings, KINDS[kind].rows(), form)


@click.command(
    cls=Command,
    short_help="Show one model, dataset, metric, recipe or run.",
    examples=(
        "dbench show infogan-mnist",
        "dbench show c1-accuracy",
        "dbench show runs/infogan-mnist/seed-0",
    ),
)
@click.option_panel("Arguments", options=["name"], **ARGUMENTS)
@click.argument(
    "name", metavar="NAME", shell_complete=names_of(*KINDS), help="Any name that dbench list prints, or a run folder."
)
def show(name: str) -> None:
    """Show all that is declared of one thing: facts, settings, source, licence, published numbers."""
    found = [kind for kind in KINDS if name in KINDS[kind].names()]
    for kind in found:
        print_sheet(name, kind.removesuffix("s"), KINDS[kind].sheet(name))
    if not found and (Path(name).exists() or "/" in name):
        print_run(Path(name))
    elif not found:
        known = [known for kind in KINDS.values() for known in kind.names()]
        raise UnknownNameError("model, dataset, metric, recipe or run", name, known)
