"""Simulated figures in the user's cache: one small JSON file for each thing that was simulated.

The cache is a convenience: where it cannot be read or written, or what it holds is damaged, figures are computed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from disentangle_bench.storage import once, user_cache, write_json

Figures = dict[str, dict[str, float]]


def remembered(key: Mapping[str, Any], compute: Callable[[], Figures]) -> Figures:
    """The figures of a key, from the cache or computed and put there.

    Several processes may ask at once: one computes, the others wait for it.

    Args:
        key: JSON-able: all that the figures depend on.
        compute: gives finite figures.
    """
    path = entry_path(key)

    def keep(found: Figures) -> None:
        write_json(path, {"key": key, "figures": found, "sha256": _digest([key, found])})

    return once(path, lambda: _read(path, key), compute, keep)


def entry_path(key: Mapping[str, Any]) -> Path:
    """Where the figures of a key are kept."""
    return user_cache("levels", f"{_digest(key)[:32]}.json")


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _read(path: Path, key: Mapping[str, Any]) -> Figures | None:
    """The figures of an entry; None if there is none, or not a whole one."""
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
        sound = entry["sha256"] == _digest([key, entry["figures"]])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return entry["figures"] if sound else None
