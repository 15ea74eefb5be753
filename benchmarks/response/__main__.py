"""`python -m benchmarks.response`: measure what is missing, then write docs/metric-response.md and its figures.

Half an hour on two cores; the same command resumes what was interrupted.
"""

from __future__ import annotations

from pathlib import Path

import click
from joblib import Parallel, cpu_count, delayed

from benchmarks.response.measure import cases, gathered, measure
from benchmarks.response.page import write_page
from benchmarks.response.suite import write_suite

ROOT = Path(__file__).parents[2]


@click.command()
@click.option("--kept", type=click.Path(path_type=Path), default=Path("runs/metric-response"), show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=ROOT, show_default="the checkout")
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--write", "folder", type=click.Path(path_type=Path), help="Only write a suite of these codes there.")
@click.option("--jobs", type=int, default=cpu_count(), show_default=True)
def main(kept: Path, out: Path, seeds: int, folder: Path | None, jobs: int) -> None:
    """Measure what is missing, then write the page, its figures and the values."""
    if folder is not None:
        click.echo(write_suite(folder, seeds))
        return
    Parallel(jobs, pre_dispatch=jobs)(delayed(measure)(case, kept) for case in cases(seeds))
    write_page(gathered(kept, seeds), out)


if __name__ == "__main__":
    main()
