"""Locks between processes, and what is computed once under one and kept in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from disentangle_bench.errors import HeldError, StorageError
from disentangle_bench.storage.atomic import remove_leftovers
from disentangle_bench.storage.faults import storage_errors

T = TypeVar("T")
PATIENCE = 600.0
"""Seconds that `once` waits for another process, where it can do without."""


@contextmanager
def locked(path: Path, *, patience: float = -1, on_wait: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Hold the lock file at `path`, waiting for the process that holds it; a killed process releases it.

    The file is not removed: processes that wait for it would then hold another one.

    Args:
        path: of the lock file, in a folder that is made if need be.
        patience: seconds to wait; by default for as long as it takes.
        on_wait: called once if another process holds it.

    Raises:
        HeldError: another process holds it for longer than `patience`.
        StorageError: no permission, or no locks on this file system.
    """
    lock = FileLock(path)
    with storage_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            on_wait()
            try:
                lock.acquire(timeout=patience)
            except Timeout:
                raise HeldError(f"Another process holds {path}.", "Wait until it has ended.") from None
        except NotImplementedError as error:
            raise StorageError(f"Could not lock {path}: {error}.", "Choose a folder on another file system.") from error
    try:
        yield
    finally:
        lock.release()


def once(
    path: Path,
    look: Callable[[], T | None],
    compute: Callable[[], T],
    keep: Callable[[T], object] | None = None,
    *,
    on_wait: Callable[[], object] = lambda: None,
) -> T:
    """Return what is kept at `path`, or else compute it: of several processes one computes, and the others wait.

    With `keep`, the file is a convenience: if the lock is not available within `PATIENCE`, or the value cannot be
    written, it is computed all the same. Without `keep`, `compute` makes the file itself, and needs the lock.

    Args:
        path: of the file; the lock lies beside it.
        look: reads the value; gives None if the file is not there, or not a sound one.
        compute: gives the value. What a killed process left beside the file has been removed by then.
        keep: writes the value to `path`, atomically.
        on_wait: called once if another process has to be waited for.

    Raises:
        StorageError: the file cannot be locked, and there is no `keep`.
    """
    found = look()
    if found is not None:
        return found
    with ExitStack() as stack:
        with suppress(StorageError) if keep else ExitStack():
            patience = PATIENCE if keep else -1
            stack.enter_context(locked(path.with_suffix(".lock"), patience=patience, on_wait=on_wait))
            remove_leftovers(path)
        found = look()  # the process that was waited for may have written it
        if found is None:
            found = compute()
            if keep is not None:
                with suppress(StorageError):
                    keep(found)
    return found
