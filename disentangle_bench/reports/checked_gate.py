"""One condition of a gate that was checked, as tables, pages and reports show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["PASS", "FAIL", "SKIP", "NOTHING"]


@dataclass(frozen=True)
class CheckedGate:
    """One condition of a gate.

    Attributes:
        verdict: PASS or FAIL; SKIP where it compares with accepted results, and there are none yet; NOTHING where there
            was nothing to measure.
        condition: what was demanded.
        found: what was found.
        margin: by how much the condition is met; negative by how much it is missed.
    """

    verdict: Verdict
    condition: str
    found: str
    margin: float | None = None

    def __str__(self) -> str:
        return f"{self.verdict}  {self.condition}: {self.found}"
