"""`dbench list` and `dbench show`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from disentangle_bench.cli.completion import names_of
from disentangle_bench.cli.help import ARGUMENTS, Command
from disentangle_bench.cli.kinds import KINDS
from disentangle_bench.cli.options import format_option
from disentangle_bench.cli.sheets import print_run, print_sheet
from disentangle_bench.cli.tables import print_rows
from disentangle_bench.errors import UnknownNameError
from disentangle_bench.storage import usable_path


@click.command(
    cls=Command,
    name="list",
    short_help="List models, recipes, suites, datasets or metrics.",
    examples=(
        "dbench list metrics",
        "dbench list recipes --format markdown",
    ),
)
@click.option_panel("Arguments", options=["kind"], **ARGUMENTS)
@click.argument(
    "kind", type=click.Choice(list(KINDS)), metavar="KIND", help="models, recipes, suites, datasets or metrics."
)
@format_option
def list_kind(kind: str, form: str) -> None:
    """List everything of one kind, plug-ins included."""
    print_rows(KINDS[kind], form)


@click.command(
    cls=Command,
    short_help="Show one model, recipe, suite, dataset, metric or run.",
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
    """Show all that is declared of one thing: description, settings, source, license, published numbers."""
    kind = next((kind for kind in KINDS if name in KINDS[kind].names()), None)  # the first kinds import least
    if kind is not None:
        print_sheet(name, kind.removesuffix("s"), KINDS[kind].sheet(name))
    elif usable_path(name, "NAME").exists() or "/" in name:
        print_run(Path(name))
    else:
        known = [known for kind in KINDS.values() for known in kind.names()]
        raise UnknownNameError("model, recipe, suite, dataset, metric or run", name, known)
