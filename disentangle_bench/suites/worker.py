"""`python -m disentangle_bench.suites.worker`: work on cells, one after the other.

The paths of their folders are read from standard input, a line each; each is printed again when the work is over. One
process for many cells, because starting one takes longer than scoring some.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path


def main() -> int:
    """Work until the input ends; 130 if interrupted."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else is printed must not look like an answer
    try:
        # Ignored if the driver runs in a script's background; here it is the driver's request and nobody else's. It is
        # blocked until now because it would have been a traceback.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        from disentangle_bench.errors import DbenchError
        from disentangle_bench.suites.work import work

        for line in sys.stdin:
            with contextlib.suppress(BrokenPipeError):
                with contextlib.suppress(DbenchError):  # a full disk, which the driver meets as well, and reports
                    work(Path(line.rstrip("\n")), orphan_stops=True)
                answers.write(line)
                answers.flush()
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
