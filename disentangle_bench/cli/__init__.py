"""The command line, `dbench`: one module per group of commands. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from disentangle_bench.cli.interruption import EXIT_INTERRUPTED, NOTHING_KEPT

__all__ = ["main", "run"]


def main() -> NoReturn:
    """The console script: run the command line and exit."""
    sys.exit(run())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; see `app.run`.

    Args:
        arguments: the words after `dbench`; by default those of this process.
    """
    try:
        from disentangle_bench.cli import app
    except KeyboardInterrupt:  # during the imports, which take half a second
        sys.stderr.write(f"{NOTHING_KEPT}\n")
        return EXIT_INTERRUPTED
    return app.run(arguments)
