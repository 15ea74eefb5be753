"""From the values of a score on resamples to its 95 % interval.

The interval covers the value that other samples of the same size give on average. Where resampling leaves the middle of
the values where it is, BCa (Efron 1987) is used. Of plug-in information that does not hold: rows that come twice raise
it, for the second time by as much as the sample did already, and BCa then takes the resamples' shift for the value's
own and corrects in the wrong direction: on a channel of 20 x 20 values and 10,000 samples its interval held the mean
value in 65 of 100 trials, where the percentile interval, moved so that the resamples' mean is the value, held it in 96.

`scipy.stats.bootstrap` is not used: its jackknife leaves out one row at a time, which is 10,000 fits on 10,000 rows, it
does not allow for a component that some resamples leave undefined, and it gives no percentile interval when BCa fails.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

from disentangle_bench.errors import SettingError
from disentangle_bench.metrics.intervals import LEVEL
from disentangle_bench.metrics.metric import Bounds

USUAL = 100
MOST = 100_000
FEWEST = 20
MOST_SHIFT = 0.25
"""In standard deviations, how far the resamples' middle may lie from the value for BCa; 100 resamples of a value
without bias stay within it 19 times in 20."""
MOST_UNDEFINED = 0.1

Floats = NDArray[np.float64]
_TAILS = np.array([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
_Z = ndtri(_TAILS)


@dataclass(frozen=True)
class SampledInterval:
    """An interval, or the reason why there is none, and how it was made.

    Attributes:
        low, high: the interval; None if there is none.
        method: how it follows from the resamples.
        resamples: number of resamples with a value.
        reason: why there is no interval.
        replicates: `(b,)` the values on the resamples, NaN where one has none.
    """

    low: float | None = None
    high: float | None = None
    method: str = ""
    resamples: int = 0
    reason: str = ""
    replicates: Floats | None = field(default=None, compare=False, repr=False)

    def details(self) -> dict[str, Any]:
        """Return what a score's details hold of it."""
        known = {"method": self.method, "resamples": self.resamples, "reason": self.reason}
        return {key: value for key, value in known.items() if value}


def check_resamples(resamples: int) -> None:
    """Refuse too few resamples, and too many.

    Raises:
        SettingError: fewer than 20, or more than 100,000.
    """
    if resamples > MOST:
        raise SettingError(f"{resamples:,} resamples are too many.", f"Give {MOST:,} or fewer; {USUAL} are usual.")
    if resamples < FEWEST:
        raise SettingError(
            f"{resamples} resamples are too few for the tails of a 95 % interval.",
            f"Give {FEWEST} or more, {USUAL} for a good interval, or 0 for none.",
        )


def bootstrap_interval(
    value: float, replicates: Floats, left_out: Floats | None, resamples: int, bounds: Bounds
) -> SampledInterval:
    """BCa where it is defined, else the percentile interval, moved so that the resamples' mean is the value.

    Args:
        value: of the score.
        replicates: `(b,)` values on those resamples that have one.
        left_out: `(g,)` values without each group of units; None if one of them is undefined, or unknown.
        resamples: number of resamples.
        bounds: of the score.
    """
    if reason := _why_none(value, replicates, resamples):
        return SampledInterval(reason=reason)
    shift = shift_of(value, replicates)
    acceleration = None if left_out is None else _acceleration(left_out)
    if shift is not None and acceleration is not None:
        reach = shift + _Z
        tails = np.asarray(ndtr(shift + reach / (1 - acceleration * reach)))
        method, ends = "BCa", _quantiles(replicates, tails)
    else:
        method, ends = "percentile", _quantiles(replicates, _TAILS) + (value - replicates.mean())
    return _within(value, ends, bounds, SampledInterval(method=method, resamples=len(replicates)))


def half_sample_interval(value: float, halves: Floats, resamples: int, bounds: Bounds) -> SampledInterval:
    """Student's interval with the standard deviation of the values on random halves of the rows.

    A half drawn without replacement deviates from the whole by `s² (2/n - 1/n)`, which is the variance `s²/n` of the
    whole itself (Shao and Wu 1989). The values of halves may be biased, as long as all of them are by as much.

    Args:
        value: of the score, on all rows.
        halves: `(b,)` values on those halves that have one.
        resamples: number of halves.
        bounds: of the score.
    """
    if reason := _why_none(value, halves, resamples):
        return SampledInterval(reason=reason)
    reach = float(stdtrit(len(halves) - 1, _TAILS[1])) * float(halves.std(ddof=1))
    found = SampledInterval(method="half-samples", resamples=len(halves))
    return _within(value, np.array([value - reach, value + reach]), bounds, found)


def shift_of(value: float, replicates: Floats) -> float | None:
    """BCa's `z0`, if the resamples vary and their middle lies near the value; ties count half to either side."""
    if len(replicates) < FEWEST or np.ptp(replicates) == 0:
        return None
    below = float(np.mean(replicates < value) + np.mean(replicates == value) / 2)
    shift = float(ndtri(below))
    return shift if abs(shift) <= MOST_SHIFT else None


def _why_none(value: float, replicates: Floats, resamples: int) -> str:
    undefined = resamples - len(replicates)
    if undefined > MOST_UNDEFINED * resamples:
        return f"{undefined} of {resamples} resamples have no value"
    if np.ptp(replicates) <= 1e-12 * max(1.0, abs(value)):
        return "every resample has the same value"
    return ""


def _acceleration(left_out: Floats) -> float:
    """A sixth of the skewness of what the groups contribute (Efron 1987, eq. 6.6, with groups instead of rows)."""
    influence = left_out.mean() - left_out
    largest = float(np.abs(influence).max())
    if largest == 0:
        return 0.0
    influence /= largest  # cubes of small numbers would underflow
    return float((influence**3).sum() / (6 * (influence**2).sum() ** 1.5))


def _quantiles(replicates: Floats, tails: Floats) -> Floats:
    """At ranks `p (b + 1)`, which loses no coverage where resamples are few, as NumPy's usual ranks do."""
    return np.asarray(np.quantile(replicates, tails, method="weibull"))


def _within(value: float, ends: Floats, bounds: Bounds, found: SampledInterval) -> SampledInterval:
    low, high = bounds
    clipped = np.clip(ends, -np.inf if low is None else low, np.inf if high is None else high)
    return replace(found, low=min(float(clipped[0]), value), high=max(float(clipped[1]), value))
