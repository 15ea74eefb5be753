"""IRS: how little each code moves, once one factor is held fixed, when all others change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.encoding import Columns, numeric_columns
from disentangle_bench.metrics.information.entropies import discretize
from disentangle_bench.metrics.inputs import Observations, varies
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric

Floats = NDArray[np.float64]


@metric(
    "irs",
    version=1,
    bounds=(-1, 1),
    better="higher",
    source="arXiv:1811.00007, section 4; the quantile as in disentanglement_lib",
    scale_invariant=False,
)
def interventional_robustness(codes: Codes, factors: Factors, *, quantile: float = 0.99, num_bins: int = 20) -> Score:
    """How little a code moves while the factor that it follows best stays put and all other factors change.

    Among the samples with one value of a factor, a code's deviation is the chosen quantile of its distances to their
    mean. It is averaged over the values and divided by the code's greatest distance to the mean of all samples; one
    minus that is the code's robustness to changes of other factors. Each code takes the factor for which it is
    greatest, and codes are averaged with their greatest distances as weights, so a code that hardly moves hardly
    counts, and the scale of one code against another does. Only held values of which there are several samples tell
    something: with few of each, noise scores high. Read it beside chance. It is below 0 only where a held value
    throws a code further from its mean than the whole set lies from its own.

    Args:
        codes: `(n, d)`; for a categorical one, the distance is that of indicators, for a cyclic one that on the circle
            of radius 1. Constant ones are left out.
        factors: `(n, k)`; the values of a continuous one are put in bins of equal width. A factor without two samples
            of the same value is left out, as is one that is constant.
        quantile: 1 is the paper's greatest deviation, which a single outlier decides; disentanglement_lib has 0.99.
        num_bins: of a continuous factor, and of angles.

    Returns:
        The weighted mean; the details hold each code's score, factor and weight, and the robustness `(d, k)`.

    Raises:
        MetricError: a quantile outside [0, 1], or fewer than 2 bins.
    """
    if not 0 <= quantile <= 1:
        raise MetricError(f"quantile is {quantile}.", "Give a number from 0 to 1.")
    data = Observations.of(codes, factors)
    labels = discretize(data.factors, num_bins)
    moving = [place for place, column in enumerate(data.codes.values.T) if varies(column)]
    held = [place for place, column in enumerate(labels.T) if np.bincount(column).max() > 1]
    reason = data.reason or _why_undefined(len(moving), len(held))
    if reason:
        return Score.undefined(reason)
    columns = numeric_columns(data.codes)
    reach = _distances(columns, np.arange(len(data))).max(axis=0)[moving]
    moved = np.stack([_moved(columns, labels[:, place], quantile)[moving] for place in held], axis=1)
    robustness = 1 - moved / reach[:, None]
    return _score(data, robustness, reach, [data.codes.names[i] for i in moving], [data.factors.names[j] for j in held])


def _why_undefined(moving: int, held: int) -> str:
    if not moving:
        return "every code is constant"
    return "" if held else "no factor has the same value twice, so none can be held fixed"


def _distances(columns: Columns, rows: NDArray[np.int64]) -> Floats:
    """How far each code is from its mean over these rows `(m, d)`."""
    values = columns.values[rows]
    return np.asarray(np.sqrt(columns.total((values - values.mean(axis=0)) ** 2)))


def _moved(columns: Columns, labels: NDArray[np.int64], quantile: float) -> Floats:
    """How far each code `(d,)` moves while a factor holds a value, averaged over its values."""
    sizes = np.unique(labels, return_counts=True)[1]  # some bins may be empty
    groups = np.split(np.argsort(labels, kind="stable"), np.cumsum(sizes)[:-1])
    moved = [np.quantile(_distances(columns, rows), quantile, axis=0) for rows in groups]
    return np.asarray(np.mean(moved, axis=0))


def _score(data: Observations, robustness: Floats, reach: Floats, codes: list[str], factors: list[str]) -> Score:
    scores, parents = robustness.max(axis=1), robustness.argmax(axis=1)
    details = {
        "codes": codes,
        "factors": factors,
        "scores": dict(zip(codes, scores.tolist(), strict=True)),
        "parents": dict(zip(codes, [factors[place] for place in parents], strict=True)),
        "weights": dict(zip(codes, (reach / reach.sum()).tolist(), strict=True)),
        "robustness": robustness.tolist(),
        "constant_codes": [name for name in data.codes.names if name not in codes],
        "constant_factors": list(data.constant),
    }
    return Score(float(np.average(scores, weights=reach)), details=details)
