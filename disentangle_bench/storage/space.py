"""Room on the disk: whether there is enough of it, and whether it may be written to, before work is done."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

from disentangle_bench.errors import StorageError
from disentangle_bench.storage.faults import REMEDIES, storage_errors

_SPARE_BYTES = 2**26
_TRIAL_BYTES = 2**20


def in_bytes(size: float) -> str:
    """Format a number of bytes, such as 1.4 GB."""
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if size >= 10**power:
            return f"{size / 10**power:.1f} {unit}"
    return f"{size:.0f} bytes"


def require_space(folder: Path, needed: int, purpose: str) -> None:
    """Check that a folder's disk has room for so many more bytes, with a margin.

    Raises:
        StorageError: it has not; the message gives both numbers.
    """
    with storage_errors(folder, "ask for the free space of"):
        free = shutil.disk_usage(folder).free
    if free < needed + _SPARE_BYTES:
        raise StorageError(
            f"{folder} has {in_bytes(free)} free; {in_bytes(needed + _SPARE_BYTES)} are needed for {purpose}.",
            REMEDIES[errno.ENOSPC],
        )


def require_writable(path: Path) -> None:
    """Check that a file can be written to `path`, before work is done that would be lost.

    Raises:
        StorageError: no permission, a part of the path is a file, or hardly any space.
    """
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent) as file:
            file.write(bytes(_TRIAL_BYTES))
            file.flush()
            os.fsync(file.fileno())
