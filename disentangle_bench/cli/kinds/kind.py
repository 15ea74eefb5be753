"""What `dbench list` and `dbench show` print of one kind of thing that has names."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from disentangle_bench.registry import Registry

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True)
class Sheet:
    """What is known of one thing.

    Attributes:
        title: one sentence.
        info: label -> text.
        factors: name -> kind and values.
        settings: key, as `--set` takes it -> default.
        published: numbers that the source reports.
        obtained: what it gave here.
        files: name -> SHA-256.
        scores: name -> value.
    """

    title: str
    info: Mapping[str, str]
    factors: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    published: Mapping[str, Any] = field(default_factory=dict)
    obtained: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, str] = field(default_factory=dict)


class Kind(ABC):
    """One kind of thing. Everything is read from where it is declared, and imported only when it is asked for.

    Attributes:
        headings: of the listing.
        brief: how many of its columns fit a terminal.
    """

    headings: ClassVar[Sequence[str]]
    brief: ClassVar[int]

    @abstractmethod
    def names(self) -> Iterable[str]:
        """Every name, plug-ins included."""

    @abstractmethod
    def row(self, name: str) -> tuple[Any, ...]:
        """One row of the listing, a cell for each heading."""

    @abstractmethod
    def sheet(self, name: str) -> Sheet:
        """All that is known of one of them."""

    def layout(self, entries: Sequence[Mapping[str, Any]]) -> RenderableType | None:
        """What a terminal shows instead of a table of the first columns, made from heading -> cell of each row."""
        return None

    def rows(self) -> list[tuple[Any, ...]]:
        """List one row per name; what cannot be loaded, as a broken plug-in, is left out and reported in the log."""
        names = self.names()
        return [self.row(name) for name in (names.usable() if isinstance(names, Registry) else names)]


def first_paragraph(thing: object) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())
