"""Paths that the user gives, and the user's cache folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

from disentangle_bench.errors import StorageError

_SHOWN = 60
"""Characters of an invalid path in messages."""


def user_cache(*parts: str) -> Path:
    """Return a folder, which may not exist yet, in `DBENCH_CACHE` or else in the user's cache folder."""
    root = os.environ.get("DBENCH_CACHE") or user_cache_path("disentangle-bench", appauthor=False)
    return usable_path(root, "DBENCH_CACHE").joinpath(*parts)


def usable_path(given: Path | str, named_by: str) -> Path:
    """Return a path whose first part may be a home folder (`~`); refuse one that no file can have.

    Args:
        given: what was given for a path.
        named_by: the variable, option or argument, for the message.

    Raises:
        StorageError: no text or path, the home of an unknown user, a null character, or a name that is too long.
    """
    if not isinstance(given, str | os.PathLike):
        problem = f"{named_by} is not a path: it is of the type {type(given).__name__}."
        raise StorageError(problem, "Give the path of a file or folder.")
    try:
        path = Path(given).expanduser()
        os.lstat(path)
    except RuntimeError:
        fault = "there is no such home folder"
    except ValueError:
        fault = "it has a null character"
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            return path
        fault = "it is too long"
    else:
        return path
    shown = repr(str(given)) if len(str(given)) <= _SHOWN else f"{str(given)[:_SHOWN]!r}..."
    raise StorageError(f"{named_by} is not a path: {shown}, {fault}.", "Give the path of a file or folder.")


@contextmanager
def cache_errors() -> Iterator[None]:
    """Add to a `StorageError` how another cache folder is chosen."""
    try:
        yield
    except StorageError as error:
        raise StorageError(error.problem, f"{error.remedy} DBENCH_CACHE names another cache folder.".strip()) from error
