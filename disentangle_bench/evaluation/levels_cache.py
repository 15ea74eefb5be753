"""Simulated levels in the user's cache: one small JSON file per simulation.

The cache is a convenience: where it cannot be read or written, or an entry is damaged, levels are computed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from disentangle_bench.storage import once, user_cache, write_json

Drawn = dict[str, dict[str, list[float]]]
"""What was simulated -> component -> its values."""


def remembered(key: Mapping[str, Any], compute: Callable[[], Drawn]) -> Drawn:
    """The levels of a key, from the cache or computed and stored there.

    Several processes may ask at once: one computes, the others wait for it.

    Args:
        key: all that the levels depend on, as JSON can hold it.
        compute: returns finite levels.
    """
    path = entry_path(key)

    def keep(found: Drawn) -> None:
        write_json(path, {"key": key, "values": found, "sha256": _digest([key, found])})

    return once(path, lambda: _read(path, key), compute, keep)


def entry_path(key: Mapping[str, Any]) -> Path:
    """The file of a key's levels."""
    return user_cache("levels", f"{_digest(key)[:32]}.json")


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _read(path: Path, key: Mapping[str, Any]) -> Drawn | None:
    """The levels of an entry; None if it is missing or damaged."""
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
        sound = entry["sha256"] == _digest([key, entry["values"]])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return entry["values"] if sound else None
