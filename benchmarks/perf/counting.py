"""How time and memory grow with the rows of an HDF5 file that `dbench eval` counts."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from benchmarks.perf.timing import Clock, Row, report
from benchmarks.perf.training import Plan

CODES = 32
SIZES = (3, 6, 40, 32, 32)
METRICS = ("mig", "rmig", "mig-sup", "jemmig", "dcimig", "modularity", "mutual-information-matrix")
OPTIONS = ("--bootstrap", "0", "--no-levels")
"""The curve is that of counting. By default, up to 200,000 rows are resampled, and levels are simulated on 20,000."""
MOST_MEBIBYTES = 2048
COMMAND = (sys.executable, "-m", "benchmarks.perf.peak")
ROOT = Path(__file__).parents[2]
_BATCH = 2**16


class Cost(NamedTuple):
    """What a command took, and how much memory it held at most."""

    seconds: float
    mebibytes: float


def measure(plan: Plan) -> str:
    """The report, in Markdown."""
    costs = {}
    with tempfile.TemporaryDirectory() as name:
        for rows in plan.rows:
            path = Path(name, "codes.h5")
            write_codes(path, rows)
            costs[rows] = run_command(["eval", str(path), "--metrics", ",".join(METRICS), *OPTIONS], plan.clock)
            path.unlink()
    title = f"`dbench eval` of {len(METRICS)} metrics of counts, {CODES} codes, {len(SIZES)} factors"
    return report(title, rows_of(costs))


def rows_of(costs: dict[int, Cost]) -> list[Row]:
    """Seconds and memory for each number of rows, and what a million more rows cost: the same, if time is linear."""
    found = []
    for rows, cost in costs.items():
        found.append(Row(f"seconds, {rows:,} rows", cost.seconds, ".1f"))
        found.append(Row(f"MiB at most, {rows:,} rows", cost.mebibytes, ".0f", f"under {MOST_MEBIBYTES}"))
    for fewer, more in pairwise(costs):
        slope = (costs[more].seconds - costs[fewer].seconds) / (more - fewer) * 1e6
        found.append(Row(f"seconds of a million rows, from {fewer:,} to {more:,}", slope, ".2f"))
    return found


def write_codes(path: Path, rows: int) -> None:
    """Write float32 codes, five of them noisy factors with dSprites' sizes, and those factors, batch by batch."""
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        codes = file.create_dataset("codes", (rows, CODES), "f4", chunks=(min(rows, 2**14), CODES))
        factors = file.create_dataset("factors", (rows, len(SIZES)), "i8", chunks=(min(rows, 2**14), len(SIZES)))
        for start in range(0, rows, _BATCH):
            some = slice(start, min(start + _BATCH, rows))
            drawn = rng.integers(0, SIZES, (some.stop - start, len(SIZES)))
            noise = rng.standard_normal((len(drawn), CODES), dtype=np.float32)
            noise[:, : len(SIZES)] += drawn
            codes[some], factors[some] = noise, drawn


def run_command(words: Sequence[str], clock: Clock) -> Cost:
    """Run `dbench` in a process of its own, to its end.

    Raises:
        CalledProcessError: it failed.
    """
    with tempfile.TemporaryDirectory() as name:
        told = Path(name, "peak")
        begun = clock()
        subprocess.run([*COMMAND, str(told), *words], cwd=ROOT, check=True, capture_output=True)
        return Cost(clock() - begun, float(told.read_text()))
