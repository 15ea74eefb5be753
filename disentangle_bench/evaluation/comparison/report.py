"""What a comparison says, as its JSON holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from disentangle_bench.evaluation.differences import CONFIDENCE
from disentangle_bench.evaluation.results import Arbitrary, Better, Scored

SCHEMA_VERSION = 3
Spread = Literal["test samples", "seeds"]
Verdict = Literal[
    "better",
    "worse",
    "differs",
    "better on these samples",
    "worse on these samples",
    "differs on these samples",
    "no difference shown",
    "not comparable",
    "no test",
    "",
]


class _Model(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)


class Side(_Model):
    """One subject of a comparison: a run or file, or the runs or files of one method at several seeds."""

    name: str
    seeds: list[int | None]
    statuses: list[str]
    kind: str = ""


class Value(_Model):
    """A subject's score with chance and ceiling: of its one run, or the means over its seeds.

    Attributes:
        low, high: the interval covers the test samples for one run, the seeds for several.
        runs: the value of every run; None where there is none.
        absolute: value, interval and range are those of the absolute values, because signs are arbitrary across seeds.
        reason: why there is no value, or which of several runs have none and why.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    ceiling: float | None = None
    runs: list[float | None]
    absolute: bool = False
    reason: str = ""

    @property
    def known(self) -> list[float]:
        """The values of those runs that have one, without signs where these are arbitrary."""
        return [abs(run) if self.absolute else run for run in self.runs if run is not None]

    @property
    def is_partial(self) -> bool:
        """Whether the value is of some of several runs."""
        return 0 < len(self.known) < len(self.runs)


class Difference(_Model):
    """A subject's score minus the first subject's.

    Attributes:
        low, high: 95 % interval of this difference alone.
        p: two-sided, of this difference alone; only of rows that are tested.
        p_exact: over seeds, of the exact permutation test of this difference alone.
        smallest_p: the smallest that `p_exact` can be with so many seeds.
        p_corrected: Holm's, of `p`, over all differences that are tested.
        detectable: over seeds, the true difference that is found 80 times in 100 with so many seeds, this spread and
            this correction.
        verdict: by `p_corrected`; withheld where `p_exact` could contradict it and does. Empty in rows not tested.
        spread: what the interval covers: other test samples for these runs, or other seeds.
        reason: why there is no interval.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_exact: float | None = None
    smallest_p: float | None = None
    p_corrected: float | None = None
    detectable: float | None = None
    verdict: Verdict = "no test"
    spread: Spread | None = None
    method: str = ""
    reason: str = ""
    standard_error: float | None = Field(default=None, exclude=True, repr=False)
    degrees: float | None = Field(default=None, exclude=True, repr=False)


class Row(Scored):
    """One score: the value of every subject, and the difference of each but the first to the first.

    Attributes:
        arbitrary: what of the score differs between seeds by chance: its sign, or which code it is of.
        tested: whether it is a headline or was asked for by name; other rows have intervals and no verdict.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    score: str
    unit: str
    better: Better
    arbitrary: list[Arbitrary] = Field(default_factory=list)
    tested: bool
    values: list[Value]
    differences: list[Difference]


class Comparison(_Model):
    """The rows and the subjects.

    Attributes:
        tests: how many differences are tested, for which the p-values are corrected.
        unchecked: the subjects of which it is not known whether their data are the first one's.
        failed: the metrics that raised an exception when they were computed for this comparison; not part of the JSON.
    """

    schema_version: int = SCHEMA_VERSION
    subjects: list[Side]
    rows: list[Row]
    confidence: float = CONFIDENCE
    tests: int = 0
    unchecked: list[str] = Field(default_factory=list)
    failed: Sequence[str] = Field(default=(), exclude=True, repr=False)

    def by_metric(self) -> dict[str, list[Row]]:
        """Group rows by metric, the headline of each first."""
        metrics: dict[str, list[Row]] = {}
        for row in self.rows:
            metrics.setdefault(row.metric, []).append(row)
        return metrics

    def to_values(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return self.model_dump(mode="json")
