"""What a user can get wrong, as exceptions that name the input and the remedy.

The command line prints `str(error)` as one message without a traceback and exits with `error.exit_code`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class DbenchError(Exception):
    """What happened, to which input, and what to do about it.

    Args:
        problem: what happened, naming the input and the place (file, key, column, row count).
        remedy: what the user can do; printed after the problem.
    """

    exit_code = 2

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(problem, remedy)

    def __str__(self) -> str:
        return f"{self.problem}\n{self.remedy}" if self.remedy else self.problem

    def __reduce__(self) -> tuple[object, ...]:
        # By default an exception is rebuilt from its class's arguments, which subclasses change: it has to survive
        # the way back from a worker process.
        return _rebuilt, (type(self), self.problem, self.remedy), self.__dict__


def _rebuilt(kind: type[DbenchError], problem: str, remedy: str) -> DbenchError:
    error = kind.__new__(kind, problem, remedy)
    DbenchError.__init__(error, problem, remedy)
    return error


class UnknownNameError(DbenchError):
    """A name that no registry, recipe folder or run knows."""

    def __init__(self, kind: str, name: str, known: Iterable[str], remedy: str = "") -> None:
        names = sorted(known)
        lowered = {known_name.lower(): known_name for known_name in names}
        close = [lowered[match] for match in difflib.get_close_matches(str(name).lower(), lowered, n=3, cutoff=0.5)]
        listed = f"Known: {', '.join(names)}." if names else f"No {kind} is known."
        guess = f"Did you mean {' or '.join(map(repr, close))}?" if close else listed
        super().__init__(f"There is no {kind} named {name!r}.", f"{guess} {remedy}".strip())


class SettingError(DbenchError):
    """A hyper-parameter or option that cannot be: unknown key, wrong type, out of range."""


class DeviceError(DbenchError):
    """A device, precision or number of processes that this machine does not have."""


class StorageError(DbenchError):
    """No space, no permission, or a path that is something else than expected."""


class RunError(DbenchError):
    """A run folder that is not one, is half-written, damaged, in use, or from a newer schema."""


class NewerSchemaError(RunError):
    """A file that a newer version of this package wrote, and that this one must not replace."""


class DataError(DbenchError):
    """A dataset's file that is missing, damaged or not in the format that its adapter reads."""


class DownloadError(DataError):
    """No source of a dataset's file answered with the right bytes."""


class RepresentationError(DbenchError):
    """Codes or factors that do not fit together or hold values that no metric can use."""


class MetricError(DbenchError):
    """A metric asked of a subject that lacks a part it needs, or with settings it does not take."""
