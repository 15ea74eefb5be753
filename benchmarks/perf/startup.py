"""How soon the command line answers."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from functools import partial

from benchmarks.perf.timing import Row, Spread, report
from benchmarks.perf.training import Plan
from disentangle_bench.errors import DbenchError

MOST_SECONDS = 0.5


def measure(plan: Plan) -> str:
    """The report, in Markdown."""
    dbench = shutil.which("dbench", path=sysconfig.get_path("scripts"))
    if dbench is None:
        raise DbenchError("The command dbench is not installed beside this Python.", "`pip install --editable .`")
    commands = {"python -c pass": [sys.executable, "-c", "pass"], "dbench --help": [dbench, "--help"]}
    calls = {name: partial(subprocess.run, words, check=True, capture_output=True) for name, words in commands.items()}
    seconds = plan.interleave(calls)
    rows = [Row(f"seconds of `{name}`", Spread.of(values)) for name, values in seconds.items()]
    rows[-1] = Row(rows[-1].what, rows[-1].value, target=f"under {MOST_SECONDS}")
    return report("Start", rows)
