"""How long an evaluation still takes: predicted at the start, corrected as its metrics finish."""

from __future__ import annotations

from collections.abc import Mapping

GRACE = 5.0
"""Seconds of work by which the prediction is trusted before the first measurements replace it."""


class Forecast:
    """The seconds that are left of an evaluation.

    Args:
        predicted: metric -> what it is expected to take, for all that are to be computed. The predictions need to be in
            proportion; how fast this machine is shows when the first metrics are done.
    """

    def __init__(self, predicted: Mapping[str, float]) -> None:
        self._ahead = dict(predicted)
        self._expected = 0.0
        self._taken = 0.0

    def finish(self, metric: str, seconds: float) -> None:
        """Note what a metric took."""
        self._expected += self._ahead.pop(metric, 0.0)
        self._taken += seconds

    def remaining(self) -> float:
        """Predict the seconds that are left, by the metrics that are done."""
        pace = (self._taken + GRACE) / (self._expected + GRACE)
        return pace * sum(self._ahead.values())


def in_words(seconds: float) -> str:
    """Say a duration roughly, such as `40 s` or `3 min`."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
