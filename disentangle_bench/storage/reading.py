"""Reading what others wrote: regular files only, JSON, TOML, and hashes."""

from __future__ import annotations

import hashlib
import json
import stat
import tomllib
from collections.abc import Callable
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
        ValueError: it is not JSON, is nested too deeply, or has a number of thousands of digits.
    """
    return _parse(json.loads, text)


def parse_toml(text: str) -> dict[str, Any]:
    """Parse TOML.

    Raises:
        ValueError: as of `parse_json`; a `TOMLDecodeError` if it is not TOML.
    """
    values: dict[str, Any] = _parse(tomllib.loads, text)
    return values


def _parse(parse: Callable[[str], Any], text: str) -> Any:
    """Put what Python says of its own limits into words about the text."""
    try:
        return parse(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:
        if type(error) is not ValueError:  # what is not JSON or TOML has an error of its own, with the place in it
            raise
        raise ValueError("it has a number of thousands of digits") from None


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
