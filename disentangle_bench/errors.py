"""Errors that a user can cause or fix: exceptions that name the input and the remedy.

The command line prints `str(error)` as one message without a traceback and exits with `error.exit_code`.
"""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Iterable
from pathlib import Path


class DbenchError(Exception):
    """Base class: what happened, to which input, and what to do about it.

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
        # Unpickling calls the class with `args`, which subclasses with other parameters do not accept: an error must
        # survive the way back from a worker process.
        return _rebuilt, (type(self), self.problem, self.remedy), self.__dict__


def _rebuilt(kind: type[DbenchError], problem: str, remedy: str) -> DbenchError:
    error = kind.__new__(kind, problem, remedy)
    DbenchError.__init__(error, problem, remedy)
    return error


def close_names(name: str, known: Iterable[str]) -> list[str]:
    """List up to three known names that begin with a name or resemble it, whatever their case, the closest first."""
    lowered = {known_name.lower(): known_name for known_name in known}
    word = str(name).lower()
    longer = sorted((each for each in lowered if len(word) > 2 and each.startswith(word)), key=len)
    near = difflib.get_close_matches(word, lowered, n=3, cutoff=0.5)
    return [lowered[match] for match in dict.fromkeys([*longer, *near])][:3]


def with_place(error: Exception) -> str:
    """Say what another's code raised, and where: its type, its message, the function and the line."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} (in {place.name}, {Path(place.filename).name} line {place.lineno})"


class UnknownNameError(DbenchError):
    """A name that does not exist, such as that of a metric, a recipe or a setting."""

    def __init__(self, kind: str, name: str, known: Iterable[str], remedy: str = "") -> None:
        names = sorted(known)
        close = close_names(name, names)
        listed = f"Known: {', '.join(names)}." if names else f"No {kind} is known."
        guess = f"Did you mean {' or '.join(map(repr, close))}?" if close else listed
        super().__init__(f"There is no {kind} named {name!r}.", f"{guess} {remedy}".strip())


class SettingError(DbenchError):
    """An invalid hyper-parameter or option: unknown key, wrong type, out of range."""


class DeviceError(DbenchError):
    """A device, precision or number of processes that this machine does not have."""


class StorageError(DbenchError):
    """No space, no permission, or a path that is not what was expected."""


class HeldError(StorageError):
    """A lock that another process holds."""


class RunError(DbenchError):
    """A folder that is not a run, or a run that is half-written, damaged, in use or from a newer schema."""


class NewerSchemaError(RunError):
    """A file that a newer version of this package wrote, and that this one must not replace."""


class DataError(DbenchError):
    """A file of a dataset that is missing, damaged or in another format than expected."""


class DownloadError(DataError):
    """No source of a dataset's file returned the right bytes."""


class UploadError(DbenchError):
    """A hub that cannot be reached, or that refuses."""

    exit_code = 1


class RepresentationError(DbenchError):
    """Codes or factors that do not fit together or contain values that no metric can use."""


class MetricError(DbenchError):
    """A metric that a subject lacks a part for, or settings that the metric does not take."""


class FaultyMetricError(MetricError):
    """A metric that gave what no metric may give."""
