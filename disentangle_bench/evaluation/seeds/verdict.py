"""Verdicts over several differences, by p-values that are corrected for one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from disentangle_bench.evaluation.seeds.correction import holm
from disentangle_bench.evaluation.seeds.detectable import LEVEL, detectable_difference
from disentangle_bench.evaluation.seeds.permutation import contradicts

Verdict = Literal["better", "worse", "differs", "no difference shown"]
UNSHOWN: Verdict = "no difference shown"


class Tested(Protocol):
    """A difference with its test, such as a `SeedDifference`; without `p` it is not tested."""

    @property
    def value(self) -> float | None: ...
    @property
    def p(self) -> float | None: ...
    @property
    def p_exact(self) -> float | None: ...
    @property
    def smallest_p(self) -> float | None: ...
    @property
    def standard_error(self) -> float | None: ...
    @property
    def degrees(self) -> float | None: ...


class Judged(NamedTuple):
    """What several tests together say of one difference.

    Attributes:
        p: Holm's, corrected for all that are tested; None where there is no test.
        verdict: better, worse or, where neither direction is better, differs; no difference shown; None without a test.
        detectable: the true difference that is found 80 times in 100 with so many seeds, this spread and this
            correction; None of what is not a t test.
    """

    p: float | None = None
    verdict: Verdict | None = None
    detectable: float | None = None


def judge(differences: Sequence[Tested], better: Sequence[str]) -> list[Judged]:
    """Judge differences together: one is shown if its corrected p-value is below 5 % and nothing contradicts it.

    The exact permutation test contradicts a t test where it could have shown the difference and does not.

    Args:
        differences: all those of one table.
        better: of each, the direction that is better: higher, lower or neither.
    """
    tested = [of.p for of in differences if of.p is not None]
    found = holm(tested)
    # Holm's level for whatever is not shown yet, which a difference has to pass to be shown.
    level = LEVEL / max(sum(p >= LEVEL for p in found), 1)
    corrected = iter(found)
    return [
        Judged() if of.p is None else _judged(of, next(corrected), direction, level)
        for of, direction in zip(differences, better, strict=True)
    ]


def _judged(difference: Tested, p: float, better: str, level: float) -> Judged:
    detectable = None
    if difference.standard_error is not None and difference.degrees is not None:
        detectable = detectable_difference(difference.standard_error, difference.degrees, level)
    if not difference.value or p >= LEVEL or contradicts(difference.p_exact, difference.smallest_p):
        return Judged(p, UNSHOWN, detectable)
    if better == "neither":
        return Judged(p, "differs", detectable)
    return Judged(p, "better" if (difference.value > 0) == (better == "higher") else "worse", detectable)
