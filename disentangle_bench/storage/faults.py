"""What the operating system refuses, as errors with a remedy."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from disentangle_bench.errors import StorageError

REMEDIES = {
    errno.ENOSPC: "Free some space or choose another folder.",
    errno.EDQUOT: "Your quota is used up: free some space or choose another folder.",
    errno.EACCES: "Choose a folder that you may write to, or change its permissions.",
    errno.EPERM: "Choose a folder that you may write to, or change its permissions.",
    errno.EROFS: "That file system is read-only: choose another folder.",
    errno.EFBIG: "Your system limits the size of files (`ulimit -f`): raise the limit.",
    errno.ENOTDIR: "A part of that path is a file: choose another folder.",
    errno.EEXIST: "A part of that path is a file: choose another folder.",
    errno.EISDIR: "That path is a folder: choose another name.",
}


@contextmanager
def storage_errors(path: Path, action: str = "write") -> Iterator[None]:
    """Turn the operating system's errors on `path` into a `StorageError` with a remedy."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(f"Could not {action} {path}: {reason}.", REMEDIES.get(error.errno or 0, "")) from error
