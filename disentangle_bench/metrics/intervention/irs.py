"""IRS: how far each code moves while one factor is held fixed and all others change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.conditioning import common_exponent
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
    seconds=0.03,
    groups=True,
)
def interventional_robustness(codes: Codes, factors: Factors, *, quantile: float = 0.99, num_bins: int = 20) -> Score:
    """Interventional Robustness Score (IRS): high when a code stays put while its factor is fixed and others change.

    Among the samples with one value of a factor, a code's deviation is a high quantile of its distances to their mean.
    The deviation, averaged over the values, is compared with the code's largest distance to its mean over all samples.
    Each code is scored for the factor to which it is most robust, and codes are averaged by their largest distances.

        D_ij = mean over values u of  quantile_q |c_i - E[c_i | v_j = u]|,  among the samples with v_j = u
        w_i  = max |c_i - E[c_i]|
        IRS  = Σ_i w_i max_j (1 - D_ij / w_i) / Σ_i w_i

    Does not see: a code that hardly moves, which has hardly any weight; nor a code that depends on two factors that
    never vary apart. With few samples per value even noise scores high: read the score beside its chance level.

    Args:
        codes: `(n, d)` on one scale, since their ranges are weights. The distance of a categorical code is that of its
            indicators, of a cyclic code that on the circle of radius 1. Constant codes are left out.
        factors: `(n, k)`. Continuous ones are cut into equal-width bins. Constant factors are left out, as are those
            without two samples of the same value.
        quantile: q; 1 is the paper's maximum, which a single outlier decides, and 0.99 is disentanglement_lib's.
        num_bins: bins of a continuous or cyclic factor.

    Returns:
        The weighted mean, at most 1. It is negative only where fixing a value moves a code further from its mean than
        the code ever is over all samples. Its details hold each code's score, factor and weight, and the robustness
        `(d, k)`.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, a quantile outside [0,
            1], or fewer than 2 bins.

    References:
        Suter et al. (2018), arXiv:1811.00007, section 4; the quantile as in disentanglement_lib.

    Example:
        The first code is the first factor and ranges 1/2 from its mean; the second code is the sum of both factors,
        ranges 1 from its mean and still 1/2 with either factor fixed: (1/2 · 1 + 1 · 1/2) / (1/2 + 1) = 2/3.

        >>> from disentangle_bench.metrics import interventional_robustness
        >>> factors = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> round(interventional_robustness([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 2.0]], factors).value, 3)
        0.667
    """
    if not 0 <= quantile <= 1:
        raise MetricError(f"quantile is {quantile}.", "Give a number from 0 to 1.")
    data = Observations.of(codes, factors)
    labels = discretize(data.factors, num_bins)
    moving = [place for place in range(len(data.codes.names)) if any(map(varies, data.codes.block(place).T))]
    held = [place for place, column in enumerate(labels.T) if np.bincount(column).max() > 1]
    if data.reason or not moving:
        return Score.undefined(data.reason or "every code is constant")
    if not held:
        return Score.undefined("no factor has the same value twice, so none can be held fixed")
    columns = numeric_columns(data.codes)
    columns = replace(columns, values=np.ldexp(columns.values, common_exponent(columns.values)))
    reach = _distances(columns, np.arange(len(data))).max(axis=0)[moving]
    deviations = np.stack([_deviations(columns, labels[:, place], quantile)[moving] for place in held], axis=1)
    robustness = 1 - deviations / reach[:, None]
    return _score(data, robustness, reach, [data.codes.names[i] for i in moving], [data.factors.names[j] for j in held])


def _distances(columns: Columns, rows: NDArray[np.int64]) -> Floats:
    """Distance of each code to its mean over these rows, `(m, d)`."""
    values = columns.values[rows]
    return np.asarray(np.sqrt(columns.total((values - values.mean(axis=0)) ** 2)))


def _deviations(columns: Columns, labels: NDArray[np.int64], quantile: float) -> Floats:
    """How far each code `(d,)` strays from its mean while a factor is held fixed, averaged over the factor's values."""
    sizes = np.unique(labels, return_counts=True)[1]  # some bins may be empty
    groups = np.split(np.argsort(labels, kind="stable"), np.cumsum(sizes)[:-1])
    deviations = [np.quantile(_distances(columns, rows), quantile, axis=0) for rows in groups]
    return np.asarray(np.mean(deviations, axis=0))


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
