"""Run `dbench` and write to a file, given first, how many MiB of memory the process held at most."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_mebibytes() -> float:
    """Peak memory of this program; on Linux, `getrusage` may report that of its parent process."""
    if STATUS.is_file():
        [peak] = [line.split()[1] for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(peak) / 2**10
    unit = 1 if sys.platform == "darwin" else 2**10  # bytes there, kibibytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


if __name__ == "__main__":
    from disentangle_bench.cli import main

    told = Path(sys.argv.pop(1))
    try:
        main()
    finally:
        told.write_text(f"{peak_mebibytes()}")
