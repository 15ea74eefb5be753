"""`python -m benchmarks.response`: run the suite `metric-response`, then write docs/metric-response.md and its figures.

Half an hour on two cores; the same command resumes what was interrupted, and redraws what is done in seconds.
"""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.response.curves import SUITE, curves_of
from benchmarks.response.page import write_page
from disentangle_bench.suites.bench import Bench
from disentangle_bench.suites.engines.local import LocalEngine

ROOT = Path(__file__).parents[2]


@click.command(help=__doc__)
@click.option("--results", type=click.Path(path_type=Path), help="The folder of the suite's results.")
@click.option("--out", type=click.Path(path_type=Path), default=ROOT, show_default="the checkout")
@click.option("--seeds", type=click.IntRange(min=1), help="So many seeds, from 0 on (default: those of the suite).")
@click.option("--jobs", type=click.IntRange(min=1), help="Cells at a time.")
def main(results: Path | None, out: Path, seeds: int | None, jobs: int | None) -> None:
    bench = Bench.open(SUITE, seeds=None if seeds is None else tuple(range(seeds)), out=results)
    engine = LocalEngine(bench.suite.training, jobs)
    bench.rescore(engine, on_event=lambda event: click.echo(event, err=True))  # nothing is trained; what is stale goes
    write_page(curves_of(bench), len(bench.suite.seeds), out)


if __name__ == "__main__":
    main()
