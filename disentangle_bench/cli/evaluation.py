"""Options of every command that scores: what is scored, and how."""

from __future__ import annotations

from typing import Any

from disentangle_bench.cli.options import (
    Function,
    by_metric,
    data_dir_option,
    device_option,
    levels_option,
    resamples_option,
    rows_option,
    seed_option,
    settings_option,
)
from disentangle_bench.cli.selection import read_selection, selection_options

_OPTIONS = (
    settings_option("METRIC.KEY=VALUE"),
    selection_options,
    seed_option,
    rows_option,
    resamples_option,
    levels_option,
    device_option,
    data_dir_option,
)


def evaluation_options(function: Function) -> Function:
    """`--set`, those of `selection_options`, `--seed`, `--rows`, `--bootstrap`, `--no-levels` and where to compute."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def read_evaluation(options: dict[str, Any]) -> dict[str, Any]:
    """Take these options out of all, as arguments of `evaluate` and `compare`."""
    return {
        "settings": by_metric(options.pop("settings")),
        "select": read_selection(options),
        "levels": not options.pop("no_levels"),
        **{name: options.pop(name) for name in ("seed", "rows", "bootstrap", "device", "data_dir")},
    }
