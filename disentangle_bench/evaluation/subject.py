"""What is evaluated, as the parts that metrics ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any


class Parts(Mapping[str, Any]):
    """Parts by name, each made when it is first asked for: a classifier takes a while to train."""

    def __init__(self, makers: Mapping[str, Callable[[], Any]]) -> None:
        self._makers = dict(makers)
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers  # Mapping's own would make the part

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


@dataclass(frozen=True)
class Subject:
    """Something to evaluate.

    Attributes:
        name: for tables.
        parts: what it can offer, named as in `metrics.metric.PARTS`.
        info: JSON-able: what it is, for `results.json`.
        samples: names the rows of its representation; subjects with equal names can be compared row by row.
        split_seed: of its train mask, if that was drawn; partly known factors then have splits of their own.
        making: part -> roughly how many seconds it takes to make on one core, for those that take long and for images
            of 28 x 28 gray pixels.
    """

    name: str
    parts: Mapping[str, Any]
    info: Mapping[str, Any] = field(default_factory=dict)
    samples: str = ""
    split_seed: int | None = None
    making: Mapping[str, float] = field(default_factory=dict)

    def with_parts(self, made: Mapping[str, Any]) -> Subject:
        """Put these parts in place of the subject's own; no other part is made by this."""
        makers = {name: partial(self.parts.__getitem__, name) for name in self.parts}
        return replace(self, parts=Parts(makers | {name: partial(made.__getitem__, name) for name in made}))
