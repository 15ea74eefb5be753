"""The declaration of a factor: its name, its kind, and the values that its classes stand for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from numpy.typing import ArrayLike

from disentangle_bench.errors import DataError
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.representation.variables import Variables

Value = float | str


@dataclass(frozen=True)
class Factor:
    """One ground-truth generative variable.

    Attributes:
        kind: categorical, ordinal, continuous or cyclic.
        size: how many classes it has, numbered from 0; None for a continuous one.
        values: what each class stands for, in the order of the classes; empty if the numbers are enough.
        measured: whether it was measured on the images, and not recorded when they were made.
        unscored: why codes are not scored on it; empty if they are.
    """

    name: str
    kind: Kind
    size: int | None = None
    values: tuple[Value, ...] = ()
    measured: bool = False
    unscored: str = ""

    def __post_init__(self) -> None:
        if self.values and len(self.values) != self.size:
            raise ValueError(f"factor {self.name!r} has {self.size} classes and {len(self.values)} values")

    @property
    def summary(self) -> str:
        """Its kind, how many classes it has, and whether it was measured: `ordinal, 6 classes`."""
        classes = "" if self.size is None else f"{self.size} class{'' if self.size == 1 else 'es'}"
        return ", ".join(filter(None, [self.kind, classes, "measured" * self.measured]))

    @classmethod
    def of(cls, name: str, kind: Kind, values: Iterable[Value]) -> Self:
        """Return a factor with one class for each of its values."""
        values = tuple(values)
        return cls(name, kind, len(values), values)

    def class_of(self, value: Value) -> int:
        """Return the number of the class that stands for a value.

        Raises:
            DataError: no class does.
        """
        known: Sequence[Value] = self.values or range(self.size or 0)
        if value not in known:
            listed = ", ".join(map(str, known)) or "no classes"
            many = f"{len(known)} values, from {known[0]} to {known[-1]}" if len(known) > 8 else listed
            raise DataError(f"The factor {self.name!r} has no value {value!r}.", f"It has {many}.")
        return known.index(value)


def as_variables(factors: Sequence[Factor], values: ArrayLike) -> Variables:
    """Give values `(n, k)`, or `(n,)` of a single factor, the factors' names and kinds."""
    names, kinds = [factor.name for factor in factors], [factor.kind for factor in factors]
    return Variables.wrap(values, names=names, kinds=kinds, prefix="f")
