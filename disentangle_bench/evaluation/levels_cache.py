"""Simulated figures in the user's cache: one small JSON file for each thing that was simulated.

The cache is a convenience: where it cannot be read or written, or what it holds is damaged, figures are computed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

from disentangle_bench.errors import StorageError
from disentangle_bench.storage import user_cache, write_json

PATIENCE = 600.0
"""Seconds to wait for another process that computes the same; after them it is computed here, too."""
_REFUSALS = (OSError, StorageError, NotImplementedError)  # the last where a file system has no locks

Figures = dict[str, dict[str, float]]


def remembered(key: Mapping[str, Any], compute: Callable[[], Figures]) -> Figures:
    """The figures of a key, from the cache or computed and put there.

    Several processes may ask at once: one computes, the others wait for it.

    Args:
        key: JSON-able: all that the figures depend on.
        compute: gives finite figures.
    """
    path = entry_path(key)
    found = _read(path, key)
    if found is not None:
        return found
    with _lock(path):
        found = _read(path, key)  # another process may have put it there by now
        if found is None:
            found = compute()
            with suppress(*_REFUSALS):
                write_json(path, {"key": key, "figures": found, "sha256": _digest([key, found])})
    return found


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


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold an entry's lock if it can be had; a lock left behind by a process that was killed is none."""
    name = path.with_suffix(".lock")
    lock = FileLock(name)
    with suppress(*_REFUSALS):
        name.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=PATIENCE)  # its Timeout is an OSError
    try:
        yield
    finally:
        if lock.is_locked:
            with suppress(OSError):
                name.unlink(missing_ok=True)
            lock.release()
