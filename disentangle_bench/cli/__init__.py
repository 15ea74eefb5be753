"""The command line, `dbench`: one module per group of commands. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

from disentangle_bench.cli.app import main, run

__all__ = ["main", "run"]
