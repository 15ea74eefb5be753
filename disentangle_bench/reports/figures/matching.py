"""Which class each category of a code was matched to, from the details of the accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.evaluation.results import Results, ScoreEntry

UNMATCHED = "none"


@dataclass(frozen=True)
class Matching:
    """The one-to-one matching of a categorical code.

    Attributes:
        entry: the accuracy that was scored with it.
        code, factor: what was matched to what.
        confusion: `(categories, classes)` counts of test samples, rows and columns as in the next three.
        categories: the categories that occur.
        classes: the names of the classes.
        places: for each category the index of its class, or None.
    """

    entry: ScoreEntry
    code: str
    factor: str
    confusion: NDArray[np.int64]
    categories: Sequence[str]
    classes: Sequence[str]
    places: Sequence[int | None]

    def sorted_categories(self, k: int) -> list[tuple[int, str]]:
        """List all `k` categories with the names of their classes, in the order of the classes, unmatched ones last."""
        last = len(self.classes)
        pairs = zip(self.categories, self.places, strict=True)
        places = {int(name): last if place is None else place for name, place in pairs}
        order = sorted(range(k), key=lambda category: places.get(category, last))
        names = [*self.classes, UNMATCHED]
        return [(category, names[places.get(category, last)]) for category in order]


def matching_of(results: Results) -> Matching | None:
    """Read the matching from the details of the score that has one; None if no score has one.

    Classes have the names that the dataset gives them.
    """
    named = {factor["name"]: factor["values"] for factor in results.subject.get("factors", ()) if "values" in factor}
    for entry in results.scores.values():
        if "matching" in entry.details and entry.value is not None:
            return _read(entry, named.get(entry.details["factor"], ()))
    return None


def _read(entry: ScoreEntry, names: Sequence[str]) -> Matching:
    details = entry.details
    numbers = [name_of(value) for value in details["classes"]]
    matched = [None if value is None else numbers.index(name_of(value)) for value in details["matching"]]
    known = dict(enumerate(names))
    classes = [str(known.get(int(number), number)) if number.isdecimal() else number for number in numbers]
    return Matching(
        entry,
        str(details["code"]),
        str(details["factor"]),
        np.asarray(details["confusion"], dtype=np.int64),
        [name_of(value) for value in details["categories"]],
        classes,
        matched,
    )


def name_of(value: object) -> str:
    """Write a category or class as text, whole numbers without a decimal point."""
    return f"{value:g}" if isinstance(value, float) else str(value)
