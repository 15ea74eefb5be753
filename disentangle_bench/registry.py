"""Names to objects, found lazily, so that listing names imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    """

    def __init__(self, kind: str, builtins: Mapping[str, str], *, group: str | None = None) -> None:
        self.kind = kind
        self.group = group
        self._targets = dict(builtins)
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
            DbenchError: a plug-in's entry point does not lead to an object.
        """
        targets = self._all()
        if name not in targets:
            raise UnknownNameError(self.kind, name, targets)
        try:
            return cast(T, EntryPoint(name, targets[name], self.group or "").load())
        except (ImportError, AttributeError) as error:
            raise DbenchError(
                f"The {self.kind} {name!r} could not be loaded from {targets[name]}: {error}.",
                "Reinstall or remove the package that provides it.",
            ) from error

    def _all(self) -> dict[str, str]:
        if not self._plugins_read:
            for point in entry_points(group=self.group or ""):
                if point.name in self._targets and self._targets[point.name] != point.value:
                    raise DbenchError(
                        f"Two {self.kind}s are named {point.name!r}: {self._targets[point.name]} and {point.value}.",
                        "Uninstall or rename one of them.",
                    )
                self._targets[point.name] = point.value
            self._plugins_read = True
        return self._targets
