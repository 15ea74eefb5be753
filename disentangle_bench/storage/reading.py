"""Reading what others wrote: regular files only, JSON, and hashes."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path
from typing import Any

from disentangle_bench.errors import StorageError
from disentangle_bench.storage.faults import storage_errors


def require_regular(path: Path) -> None:
    """Refuse what is not a regular file: reading a named pipe or a device may never end.

    Raises:
        StorageError: it is a folder, a pipe, a device or a socket, or not there.
    """
    with storage_errors(path, "read"):
        regular = stat.S_ISREG(path.stat().st_mode)
    if not regular:
        raise StorageError(f"{path} is not a regular file.", "Take it out, or name another one.")


def parse_json(text: str) -> Any:
    """Parse JSON.

    Raises:
        ValueError: it is not JSON, or nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
