"""Training on an idle machine and beside a busy program, with threads that sleep or spin while they wait."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.perf.timing import Row, Spread, report
from benchmarks.perf.training import Plan
from disentangle_bench.cli.sharing import SPINS

LIBRARY_SPINS = "300000"
"""Of GNU's OpenMP library, where nothing is set."""
BUSY = "while True: pass"


def measure(plan: Plan) -> str:
    """The report, in Markdown: steps a second by the training's own log, without its start."""
    rows = []
    for beside, busy in (("nothing else", False), ("one busy program", True)):
        for spins in (SPINS, LIBRARY_SPINS):
            speeds = [speed(plan, spins, busy) for _ in range(min(plan.rounds, 3))]
            rows.append(Row(f"steps a second beside {beside}, {int(spins):,} spins", Spread.of(speeds)))
    return report("Training beside other programs, InfoGAN on digits", rows)


def speed(plan: Plan, spins: str, busy: bool) -> float:
    """Steps a second of a short training in a process of its own."""
    with TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "disentangle_bench", "train", "infogan-digits", "--out", folder]
        words += ["--set", f"steps={4 * plan.steps}"]
        other = subprocess.Popen([sys.executable, "-c", BUSY], start_new_session=True) if busy else None
        try:
            subprocess.run(words, env=os.environ | {"GOMP_SPINCOUNT": spins}, check=True, capture_output=True)
        finally:
            if other is not None:
                other.kill()
                other.wait()
        return float(json.loads(Path(folder, "log.jsonl").read_text().splitlines()[-1])["steps_per_second"])
