"""Which version of each metric is installed, without importing the metrics: that takes seconds."""

from __future__ import annotations

import json
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path

import disentangle_bench
from disentangle_bench.storage import once, user_cache, write_json
from disentangle_bench.suites.suite import short_hash


def installed_versions() -> dict[str, int]:
    """Metric -> version, from a note in the cache that is made anew when a metric's file or a plug-in changes."""
    note = user_cache("metric-versions", f"{installed_digest()}.json")

    def look() -> dict[str, int] | None:
        with suppress(OSError, ValueError, TypeError, AttributeError):
            return {str(name): int(version) for name, version in json.loads(note.read_text(encoding="utf-8")).items()}
        return None

    def compute() -> dict[str, int]:
        from disentangle_bench.metrics import METRICS, info_of

        return {name: info_of(function).version for name, function in METRICS.usable().items()}

    return once(note, look, compute, lambda versions: write_json(note, versions))


def installed_digest() -> str:
    """Hash which metrics are installed, by their files and plug-ins."""
    folder = Path(disentangle_bench.__file__).parent / "metrics"
    files = [(str(path), path.stat().st_mtime_ns) for path in sorted(folder.rglob("*.py"))]
    points = sorted(entry_points(group="disentangle_bench.metrics"), key=lambda point: point.name)
    plugins = [(point.name, point.value, point.dist and point.dist.version) for point in points]
    return short_hash([files, plugins])
