"""InfoMEC: modularity, compactness and explicitness in terms of information."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from disentangle_bench.metrics.encoding import Columns, numeric_columns, standardized
from disentangle_bench.metrics.information.entropies import (
    contingency_table,
    discretize,
    entropy,
    mutual_information,
    ross_mutual_information,
)
from disentangle_bench.metrics.inputs import Observations, require_at_least, varies
from disentangle_bench.metrics.learners.fitting import fit_quietly
from disentangle_bench.metrics.metric import Codes, Factors, Score, Scores, metric
from disentangle_bench.representation.summary import MOST_LEVELS, RECURRENCE
from disentangle_bench.representation.variables import Variables

COMPONENTS = ("infom", "infoc", "infoe")
MIN_RANGE = 1 / 20
NAMED = 5
"""How many codes a reason names."""
_ROUNDING = 1e-12
"""Information below this, in nats, is what rounding leaves of none."""
Floats = NDArray[np.float64]


@metric(
    "infomec",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:2305.18378, section 4; information as in Ross (2014)",
    scale_invariant=False,
    interval="halves",
    seconds=0.8,
    factorwise=("infoe",),
    groups=True,
)
def infomec(codes: Codes, factors: Factors, *, neighbors: int = 10, num_bins: int = 20, seed: int = 0) -> Scores:
    """InfoMEC: high when each code holds one factor (InfoM), each factor one code (InfoC), read linearly (InfoE).

    InfoM and InfoC compare entries of the matrix of information, each divided by its factor's entropy: of a code's
    information, the share of its best factor; of the information about a factor, the share of its best code. InfoE is
    the share of the factors' entropy that a logistic regression on all codes removes, fitted on all rows and without a
    penalty.

        NI_ij = I(c_i; v_j) / H(v_j)
        InfoM = (mean_i [max_j NI_ij / Σ_j NI_ij] - 1/k) / (1 - 1/k)
        InfoC = (mean_j [max_i NI_ij / Σ_i NI_ij] - 1/d) / (1 - 1/d)
        InfoE = mean_j [1 - cross-entropy of v_j given c / ln(number of values of v_j)]

    Does not see: how informative a code is, in InfoM and InfoC, since only shares count: uninformative codes score far
    above 0. InfoE does not see disentanglement.

    Information of a continuous code is estimated from nearest neighbors, which detects any dependence, and that of a
    categorical code from counts. A code in which no information is found has no shares: InfoM and InfoC are then
    undefined, where the authors' code divides by 0. Rows are not resampled for an interval: a row that is drawn twice
    is its own nearest neighbor, which looks like information.

    Entropies are counted, while neighbors find up to psi(n) - mean psi(size of the class), which is more where classes
    are small. InfoM and InfoC divide one by the other, as the authors' code does; the matrix in the details is cut at
    the whole entropy.

    Args:
        codes: `(n, d)`. Continuous and ordinal codes whose range is below 1/20 of the widest are pruned from InfoM and
            InfoC, so their relative scale matters; of all others the constant ones are. A cyclic code counts as cosine
            and sine; one of several columns counts jointly, by its neighbors, or by its points if these are few.
        factors: `(n, k)`; continuous ones are cut into equal-width bins. Factors that are constant, or have no value
            that occurs twice, are left out.
        neighbors: the k of the estimator; a value with fewer samples uses all of them.
        num_bins: bins of a continuous factor, and of angles.
        seed: of the noise of 1e-10 that breaks ties.

    Returns:
        infom, infoc and infoe: pure numbers, the last one a share of entropy, all at most 1. The details of the first
        hold the matrix (codes x factors) of shares of entropy, each at most 1.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, fewer than 1 neighbor
            or fewer than 2 bins.

    References:
        Hsu et al. (2023), arXiv:2305.18378, section 4; information of continuous codes as in Ross (2014).

    Example:
        The first code determines both factors, the second is the first factor: the mean of the shares 1/2 and 1,
        rescaled.

        >>> from disentangle_bench.metrics import infomec
        >>> factors = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> scores = infomec([[0, 0], [1, 0], [2, 1], [3, 1]], factors)
        >>> {part: round(score.value, 2) for part, score in scores.items()}
        {'infom': 0.5, 'infoc': 0.5, 'infoe': 1.0}
    """
    require_at_least(1, neighbors=neighbors)
    data = Observations.of(codes, factors, seed=seed)
    labels = discretize(data.factors, num_bins)
    usable = [place for place, column in enumerate(labels.T) if varies(column) and np.bincount(column).max() > 1]
    reason = data.reason or ("" if usable else f"no value occurs twice in {', '.join(data.factors.names)}")
    if reason:
        return {component: Score.undefined(reason) for component in COMPONENTS}
    labels, columns = labels[:, usable], numeric_columns(data.codes)
    active = np.flatnonzero(active_codes(data.codes))
    shares = normalized_information(data.codes, columns, labels, active, neighbors=neighbors, seed=seed)
    names = [data.codes.names[place] for place in active], [data.factors.names[place] for place in usable]
    details = {
        "codes": names[0],
        "factors": names[1],
        "information": np.minimum(shares, 1).tolist(),
        "pruned_codes": [name for name in data.codes.names if name not in names[0]],
        "constant_factors": list(data.constant),
    }
    return {
        "infom": _concentration(shares, names[0], "factor", details),
        "infoc": _concentration(shares.T, names[1], "code", {}),
        "infoe": _explicitness(data.codes, columns, labels, names[1]),
    }


def active_codes(codes: Variables) -> NDArray[np.bool_]:
    """Return which codes `(d,)` count: those that vary, numbers over more than 1/20 of the widest range of numbers."""
    numbers = np.array([kind in ("continuous", "ordinal") for kind in codes.kinds])
    blocks = [codes.block(place) for place in range(len(codes.names))]
    active = np.array([any(map(varies, block.T)) for block in blocks])
    if numbers.any():
        values = (block.astype(np.float64) for block, of in zip(blocks, numbers, strict=True) if of)
        ranges = np.array([(of.max(axis=0) - of.min(axis=0)).max() for of in values])
        active[numbers] &= ranges > ranges.max() * MIN_RANGE
    return active


def normalized_information(
    codes: Variables,
    columns: Columns,
    labels: NDArray[np.int64],
    active: NDArray[np.int64],
    *,
    neighbors: int,
    seed: int,
) -> Floats:
    """Return the information of each active code and each factor as a share of the factor's entropy: `(a, k)`."""
    table = np.empty((len(active), labels.shape[1]))
    for row, code in enumerate(active):
        block, counted = codes.block(code), codes.kinds[code] == "categorical"
        if counted or block.shape[1] > 1:
            points, owner = np.unique(block, axis=0, return_inverse=True)
            # Several columns at few points are counted, too: neighbors would be at no distance.
            counted = counted or len(points) <= min(MOST_LEVELS, len(block) / RECURRENCE)
        for column, factor in enumerate(labels.T):
            if counted:
                information = float(mutual_information(contingency_table(owner.ravel(), factor)))
            else:
                information = ross_mutual_information(columns.of(code), factor, neighbors=neighbors, seed=seed)
            table[row, column] = information / float(entropy(np.bincount(factor))) if information > _ROUNDING else 0
    return table


def _concentration(shares: Floats, names: list[str], noun: str, details: dict[str, object]) -> Score:
    """Average over the rows how much of a row is in its greatest entry: 1 if all of it, 0 if all entries are equal."""
    if not len(shares) or not shares.shape[1]:
        return Score(None, reason="no code varies", details=details)
    width = shares.shape[1]
    if width == 1:
        return Score(None, reason=f"there is one {noun}, and nothing to compare it with", details=details)
    totals = shares.sum(axis=1)
    if not totals.all():
        blind = [name for name, total in zip(names, totals, strict=True) if not total]
        more = f" and {len(blind) - NAMED} more" if len(blind) > NAMED else ""
        return Score(None, reason=f"no information was found in {', '.join(blind[:NAMED])}{more}", details=details)
    greatest = (shares.max(axis=1) / totals).mean()
    return Score(float((greatest - 1 / width) / (1 - 1 / width)), details=details)


def _explicitness(codes: Variables, columns: Columns, labels: NDArray[np.int64], names: list[str]) -> Score:
    """Average over the factors the share of a factor's entropy that a linear classifier removes."""
    values = columns.values.copy()
    for place, kind in enumerate(codes.kinds):
        if kind != "categorical":
            values[:, columns.owner == place] = standardized(columns.of(place))
    shares = []
    for factor in labels.T:
        model = fit_quietly(LogisticRegression(C=np.inf, class_weight="balanced"), values, factor)
        cross_entropy = float(log_loss(factor, model.predict_proba(values)))
        shares.append(1 - cross_entropy / float(np.log(len(np.unique(factor)))))
    return Score(float(np.mean(shares)), bounds=(None, 1), details={"factors": dict(zip(names, shares, strict=True))})
