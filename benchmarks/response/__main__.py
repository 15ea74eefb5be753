"""`python -m benchmarks.response`: measure what is missing, then write docs/metric-response.md and its figures.

Half an hour on two cores; the same command resumes what was interrupted.
"""

from __future__ import annotations

from pathlib import Path

import click
from joblib import Parallel, cpu_count, delayed

from benchmarks.response.measure import cases, gathered, measure
from benchmarks.response.page import write_page
from disentangle_bench.storage import write_json

ROOT = Path(__file__).parents[2]


@click.command()
@click.option("--kept", type=click.Path(path_type=Path), default=Path("runs/metric-response"), show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=ROOT, show_default="the checkout")
@click.option("--jobs", type=int, default=cpu_count(), show_default=True)
def main(kept: Path, out: Path, jobs: int) -> None:
    """Measure what is missing, then write the page, its figures and the values."""
    Parallel(jobs)(delayed(measure)(case, kept) for case in cases())
    scores = gathered(kept)
    write_json(out / "benchmarks" / "results" / "metric-response.json", scores)
    write_page(scores, out / "docs")


if __name__ == "__main__":
    main()
