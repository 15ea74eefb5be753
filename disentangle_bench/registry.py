"""Names to objects, found lazily, so that listing names imports nothing heavy."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar, cast

from disentangle_bench.errors import DbenchError, UnknownNameError

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Registry(Generic[T]):
    """The built-in objects of one kind and those that installed plug-ins add.

    A plug-in never replaces a built-in object, and one that cannot be loaded does not affect the others.

    Args:
        kind: the noun for messages, such as `"metric"`.
        builtins: name -> `"module:attribute"`, or `"module"` for a module that is itself the object.
        group: the entry-point group through which other packages add theirs.
        fault: what keeps an object from being one of the kind, such as `"has no method 'load'"`, or nothing.
    """

    def __init__(
        self,
        kind: str,
        builtins: Mapping[str, str],
        *,
        group: str | None = None,
        fault: Callable[[object], str] = lambda _thing: "",
    ) -> None:
        self.kind = kind
        self.group = group
        self._builtins = frozenset(builtins)
        self._targets = dict(builtins)
        self._fault = fault
        self._packages: dict[str, str] = {}
        self._clashes: dict[str, str] = {}
        self._reported: set[str] = set()
        self._plugins_read = group is None

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __contains__(self, name: object) -> bool:
        return name in self._all()

    def get(self, name: str) -> T:
        """Load the object of that name; a built-in one if a plug-in has the same name.

        Raises:
            UnknownNameError: there is none; the message suggests the nearest names.
            DbenchError: a plug-in's entry point does not lead to an object of the kind, or two plug-ins share the name.
        """
        targets = self._all()
        if name not in targets:
            raise UnknownNameError(self.kind, name, targets)
        if name in self._clashes:
            if name not in self._builtins:
                raise self._clash(name)
            self._report(self._clash(name))
        try:
            thing = EntryPoint(name, targets[name], self.group or "").load()
            fault = self._fault(thing)
        except DbenchError as error:  # which says what is to be done
            problem = f"The {self.kind} {name!r} cannot be used: {self._origin(name)}: {error.problem}"
            raise DbenchError(problem, error.remedy) from error
        except Exception as error:  # whatever another's module does when it is imported
            problem = f"could not be loaded from {self._origin(name)}: {error or type(error).__name__}."
            raise self._unusable(name, problem) from error
        if fault:
            raise self._unusable(name, f"cannot be used: {self._origin(name)} {fault}.")
        return cast(T, thing)

    def usable(self) -> dict[str, T]:
        """Load every object of the kind that can be loaded.

        A broken plug-in, and one with a name that is taken, is left out; the log reports it once.

        Returns:
            Name -> object, the built-in ones first.
        """
        found = {}
        for name in self._all():
            try:
                found[name] = self.get(name)
            except DbenchError as error:
                self._report(error)
        return found

    def add(self, name: str, target: str) -> None:
        """Add an object for this process, such as one whose package is not installed yet.

        Args:
            name: of the object.
            target: `"module:attribute"`.

        Raises:
            DbenchError: another object has the name.
        """
        if self._all().setdefault(name, target) != target:
            raise DbenchError(f"There is a {self.kind} {name!r} already: {self._targets[name]}.", "Rename one of them.")

    def fault_of(self, thing: object) -> str:
        """What keeps an object from being one of the kind, such as `has no method 'load'`; empty if nothing does."""
        return self._fault(thing)

    def is_builtin(self, name: str) -> bool:
        """Whether an object comes with this package."""
        return name in self._builtins

    def _report(self, fault: DbenchError) -> None:
        if fault.problem not in self._reported:
            self._reported.add(fault.problem)
            _log.warning("Left out: %s %s", fault.problem, fault.remedy)

    def _clash(self, name: str) -> DbenchError:
        return DbenchError(
            f"Two {self.kind}s are named {name!r}: {self._targets[name]} and {self._clashes[name]}.",
            "The built-in one is used; rename or uninstall the other."
            if name in self._builtins
            else "Uninstall or rename one of them.",
        )

    def _origin(self, name: str) -> str:
        package = self._packages.get(name)
        return self._targets[name] + (f" of the package {package}" if package else "")

    def _unusable(self, name: str, problem: str) -> DbenchError:
        package = self._packages.get(name, "that provides it")
        return DbenchError(f"The {self.kind} {name!r} {problem}", f"Correct the package {package}, or uninstall it.")

    def _all(self) -> dict[str, str]:
        if not self._plugins_read:
            for point in entry_points(group=self.group or ""):
                package = point.dist.name if point.dist else ""
                if self._targets.setdefault(point.name, point.value) != point.value:
                    self._clashes[point.name] = point.value + (f" of the package {package}" if package else "")
                elif package:
                    self._packages[point.name] = package
            self._plugins_read = True
        return self._targets
