"""Compare with another program, which runs in an interpreter of its own, and print a Markdown table.

Both get the same arrays and run in turns, one seed per turn. docs/peers.md describes the environments. Set
OMP_NUM_THREADS for both, and use `--clock cpu` on a machine that has other work.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from benchmarks.peers.cases import SMALL_SIZES, Grid
from benchmarks.peers.comparisons import COMPARISONS
from benchmarks.peers.measure import Plan, Result, compare
from benchmarks.peers.peer import Peer
from benchmarks.peers.table import table
from disentangle_bench.errors import DbenchError

EXISTING = click.Path(exists=True, path_type=Path)


@click.command(help=__doc__)
@click.argument("name", metavar="PEER", type=click.Choice(list(COMPARISONS)))
@click.option("--python", "interpreter", type=EXISTING, required=True, help="Interpreter of the peer's environment.")
@click.option("--path", "paths", multiple=True, type=EXISTING, help="A folder of programs that are not a package.")
@click.option("--only", multiple=True, help="Metrics to compare, such as beta-vae-score; all by default.")
@click.option("--turns", default=10, show_default=True, type=click.IntRange(min=1), help="Turns, one seed each.")
@click.option("--clock", type=click.Choice(["wall", "cpu"]), default="wall", show_default=True, help="What to measure.")
@click.option("--quick", is_flag=True, help="A small grid and two turns: only checks that it runs.")
def main(
    *,
    name: str,
    interpreter: Path,
    paths: tuple[Path, ...],
    only: tuple[str, ...],
    turns: int,
    clock: str,
    quick: bool,
) -> None:
    plan = Plan(2, Grid(SMALL_SIZES), clock) if quick else Plan(turns, clock=clock)
    chosen = [comparison for comparison in COMPARISONS[name] if not only or comparison.question in only]
    questions = sorted({comparison.question for comparison in COMPARISONS[name]})
    if unknown := sorted({*only} - {*questions}):
        raise click.BadParameter(f"{', '.join(unknown)}; {name} has {', '.join(questions)}.", param_hint="--only")
    results: list[Result] = []
    try:
        with tempfile.TemporaryDirectory() as folder, Peer(name, interpreter.absolute(), paths) as peer:
            for result in compare(peer, chosen, plan, Path(folder)):
                click.echo(f"{result.label}, {result.case}", err=True)
                results.append(result)
    except DbenchError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    versions = ", ".join(f"{package} {version}" for package, version in peer.versions.items())
    click.echo(f"{name}: {versions}; {plan.turns} turns, {clock} seconds.\n\n{table(results)}", nl=False)


if __name__ == "__main__":
    main()
