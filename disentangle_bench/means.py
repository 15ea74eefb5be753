"""What the values that a model's updates report are called, and how they are shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mean:
    """One value that every update reports: a mean over its batch.

    Attributes:
        name: such as `generator_loss`, or `c1` within a group.
        group: what several belong to, such as `L_I`: the log nests them under it, and plots show them side by side.
        label: a short name for the progress line, if it is not `name`.
        unit: such as `nats`; empty for a pure number.
        bound: the value that it cannot exceed, where there is one.
        bound_label: what that value is, such as `H(c1) = ln 10`.
    """

    name: str
    group: str = ""
    label: str = ""
    unit: str = ""
    bound: float | None = None
    bound_label: str = ""

    @property
    def key(self) -> str:
        """The name under which an update reports it and TensorBoard shows it: `L_I/c1`."""
        return f"{self.group}/{self.name}" if self.group else self.name

    def of(self, entry: Mapping[str, Any]) -> Any:
        """Look up its value in a log entry; None where the entry lacks it."""
        return entry.get(self.group, {}).get(self.name) if self.group else entry.get(self.name)

    def __str__(self) -> str:
        return f"{self.group} of {self.name}" if self.group else self.name


def information_of(code: str, categories: int | None) -> Mean:
    """`L_I` of a code (arXiv:1606.03657, eq. 5).

    Args:
        code: its name.
        categories: of a categorical code, whose entropy bounds it; None for others, whose differential entropy bounds
            nothing.
    """
    if categories is None:
        return Mean(code, "L_I", unit="nats")
    bound_label = f"H({code}) = ln {categories}"
    return Mean(code, "L_I", unit="nats", bound=math.log(categories), bound_label=bound_label)


def log_values(means: Iterable[Mean], values: Mapping[str, float]) -> dict[str, Any]:
    """Values by key as a log entry holds them: those of a group nested under its name."""
    entry: dict[str, Any] = {}
    for mean in means:
        place = entry.setdefault(mean.group, {}) if mean.group else entry
        place[mean.name] = values[mean.key]
    return entry
