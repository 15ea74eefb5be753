"""Writes that are whole or not there: a temporary file, flushed to disk, that replaces the path."""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from disentangle_bench.storage.faults import storage_errors


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it, flushed to disk, if the block succeeds, or is removed.

    Raises:
        StorageError: no space, no permission, or not a folder.
    """
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp{path.suffix}")
        try:
            # Not through tempfile, whose files only their owner may read: the user's group should read results, too.
            temporary.touch(exist_ok=False)
            yield temporary
            flush_to_disk(temporary)
            temporary.replace(path)
            flush_to_disk(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def remove_leftovers(path: Path) -> None:
    """Remove what processes that were killed left of their writes to `path`; call it only while nobody writes to it.

    Raises:
        StorageError: no permission.
    """
    with storage_errors(path, "clear away what is left of"):
        for leftover in path.parent.glob(f".{path.name}.*.tmp{path.suffix}"):
            leftover.unlink(missing_ok=True)


def remove_all_leftovers(folder: Path) -> None:
    """Do as `remove_leftovers` for whatever was to be written into a folder."""
    with storage_errors(folder, "clear away what is left in"):
        for leftover in folder.glob(".*.tmp*"):
            leftover.unlink(missing_ok=True)


def flush_to_disk(path: Path) -> None:
    """Flush a file, or a folder's entries, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if not (path.is_dir() and error.errno in (errno.EINVAL, errno.ENOTSUP)):  # some file systems flush files only
            raise
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as JSON, atomically. NaN and infinity raise `ValueError`: they are not JSON."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def write_through(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary path that then replaces `path`: for libraries that write files themselves."""
    with atomic_path(path) as temporary:
        write(temporary)
