"""What the installed metrics declare, without importing them, which takes seconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeVar

import disentangle_bench
from disentangle_bench.storage import once, user_cache, write_json
from disentangle_bench.suites.suite import short_hash

T = TypeVar("T")


def installed_versions() -> dict[str, int]:
    """Metric -> version."""

    def version(function: Callable[..., Any]) -> int:
        from disentangle_bench.metrics import info_of

        return info_of(function).version

    return of_each_metric("metric-versions", version, int, int)


def of_each_metric(
    name: str, make: Callable[[Callable[..., Any]], T], write: Callable[[T], Any], read: Callable[[Any], T]
) -> dict[str, T]:
    """Metric -> what it declares, from a note in the cache that is rewritten when a metric's file or a plug-in changes.

    Args:
        name: of the note.
        make: returns what is wanted of a metric.
        write: turns that into what JSON can hold.
        read: turns it back.
    """
    note = user_cache(name, f"{installed_digest()}.json")

    def look() -> dict[str, T] | None:
        with suppress(OSError, ValueError, TypeError, AttributeError):
            return {str(metric): read(of) for metric, of in json.loads(note.read_text(encoding="utf-8")).items()}
        return None

    def compute() -> dict[str, T]:
        from disentangle_bench.metrics import METRICS

        return {metric: make(function) for metric, function in METRICS.usable().items()}

    def keep(made: dict[str, T]) -> None:
        write_json(note, {metric: write(of) for metric, of in made.items()})

    return once(note, look, compute, keep)


def installed_digest() -> str:
    """Hash which metrics are installed, by their files and plug-ins."""
    folder = Path(disentangle_bench.__file__).parent / "metrics"
    files = [(str(path), path.stat().st_mtime_ns) for path in sorted(folder.rglob("*.py"))]
    points = sorted(entry_points(group="disentangle_bench.metrics"), key=lambda point: point.name)
    plugins = [(point.name, point.value, point.dist and point.dist.version) for point in points]
    return short_hash([files, plugins])
