"""Names to objects, found lazily, so that listing names imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar, cast

from disentangle_bench.errors import DbenchError, UnknownNameError

T = TypeVar("T")


class Registry(Generic[T]):
    """The built-in objects of one kind and those that installed plug-ins add.

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
        self._targets = dict(builtins)
        self._fault = fault
        self._packages: dict[str, str] = {}
        self._clashes: dict[str, str] = {}
        self._plugins_read = group is None

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __contains__(self, name: object) -> bool:
        return name in self._all()

    def get(self, name: str) -> T:
        """The object of that name.

        Raises:
            UnknownNameError: there is none; the message suggests the nearest names.
            DbenchError: a plug-in's entry point does not lead to an object of the kind, or two share the name.
        """
        targets = self._all()
        if name not in targets:
            raise UnknownNameError(self.kind, name, targets)
        if name in self._clashes:
            raise DbenchError(
                f"Two {self.kind}s are named {name!r}: {targets[name]} and {self._clashes[name]}.",
                "Uninstall or rename one of them.",
            )
        try:
            thing = EntryPoint(name, targets[name], self.group or "").load()
        except Exception as error:  # whatever another's module does when it is imported
            problem = f"could not be loaded from {self._origin(name)}: {error or type(error).__name__}."
            raise self._unusable(name, problem) from error
        if fault := self._fault(thing):
            raise self._unusable(name, f"cannot be used: {self._origin(name)} {fault}.")
        return cast(T, thing)

    def _origin(self, name: str) -> str:
        package = self._packages.get(name)
        return self._targets[name] + (f" of the package {package}" if package else "")

    def _unusable(self, name: str, problem: str) -> DbenchError:
        remedy = "Reinstall or remove the package that provides it."
        return DbenchError(f"The {self.kind} {name!r} {problem}", remedy)

    def _all(self) -> dict[str, str]:
        if not self._plugins_read:
            for point in entry_points(group=self.group or ""):
                self._add(point)
            self._plugins_read = True
        return self._targets

    def _add(self, point: EntryPoint) -> None:
        package = point.dist.name if point.dist else ""
        if self._targets.setdefault(point.name, point.value) != point.value:
            self._clashes[point.name] = point.value + (f" of the package {package}" if package else "")
        elif package:
            self._packages[point.name] = package
