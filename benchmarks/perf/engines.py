"""`python -m benchmarks.perf.engines`: the suite `smoke` by two jobs, one job with two threads, and two jobs on Ray.

Each begins from nothing, in turns. On two idle cores the whole suite takes some 20 minutes a round. On a busy machine
the ratios say little: a job more is a larger share of the processors.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from benchmarks.perf.timing import CLOCKS, Row, Spread, ratios, report, seconds_each
from disentangle_bench.suites.find import SHIPPED

SUITE = SHIPPED / "smoke.toml"
TWO, ONE, RAY = "two jobs", "one job with two threads", "two jobs on Ray"
LEAST_SPEEDUP, MOST_OVERHEAD = 1.6, 1.25
DONE = (0, 3)
"""Exit statuses: after few steps gates fall short."""


@click.command(help=__doc__)
@click.option("--steps", default=600, show_default=True, help="Of each cell; the suite has 600.")
@click.option("--rounds", default=1, show_default=True, help="Turns of each; the median counts.")
def main(steps: int, rounds: int) -> None:
    run(1, 1)  # simulates chance levels, which are kept for the runs that follow
    click.echo(measure(steps, rounds))


def measure(steps: int, rounds: int) -> str:
    """The report, in Markdown."""
    contenders = {TWO: partial(run, 1, steps, ("--jobs", "2")), ONE: partial(run, 2, steps, ("--jobs", "1"))}
    if find_spec("ray") is not None:
        contenders[RAY] = partial(run, 1, steps, ("--jobs", "2", "--engine", "ray"))
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds):
        for name in list(contenders)[:: -1 if turn % 2 else 1]:
            seconds[name].append(seconds_each(contenders[name], 1, CLOCKS["wall"]))
    return report(f"The suite smoke, {steps} steps a cell", rows_of(seconds))


def rows_of(seconds: Mapping[str, Sequence[float]]) -> list[Row]:
    """What each took, and the ratios that have a target."""
    rows = [Row(f"seconds of {name}", Spread.of(values), ".1f") for name, values in seconds.items()]
    targets = {ONE: f"at least {LEAST_SPEEDUP}", RAY: f"at most {MOST_OVERHEAD}"}
    return rows + [
        Row(f"{name}, in times of {TWO}", ratios(seconds[name], seconds[TWO]), ".2f", target)
        for name, target in targets.items()
        if name in seconds
    ]


def run(threads: int, steps: int, words: Sequence[str] = ()) -> None:
    """Run the suite in a new folder.

    Raises:
        RuntimeError: a cell failed.
    """
    with TemporaryDirectory() as folder:
        suite = Path(folder) / "smoke.toml"
        suite.write_text(f"{SUITE.read_text(encoding='utf-8')}\n[training]\nthreads = {threads}\n", encoding="utf-8")
        out = ("--out", f"{folder}/out", "--set", f"steps={steps}")
        command = [sys.executable, "-m", "disentangle_bench", "bench", "run", str(suite), *out, *words]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode not in DONE:
        raise RuntimeError(ended.stderr)


if __name__ == "__main__":
    main()
