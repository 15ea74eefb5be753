"""DCI-ES: how much capacity it takes to read the factors from the codes, and how many codes there are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.encoding import numeric_columns, standardized
from disentangle_bench.metrics.inputs import Observations
from disentangle_bench.metrics.metric import Codes, Factors, Score, Scores, metric
from disentangle_bench.metrics.predictor.prediction import Target
from disentangle_bench.metrics.resampling import Resampling, Weights, with_resampling

COMPONENTS = ("explicitness", "size")
FEATURES = (0, 4, 16, 64, 256, 1024)
"""Random features of each probe beside the codes themselves; the first is linear. Capacity is their place here."""
LEARNED = 0.01
_LOWEST, _HIGHEST = 0.1, 3.0  # frequencies, per standard deviation of a code
Floats = NDArray[np.float64]


@metric(
    "dci-es",
    version=1,
    bounds=(-1, 1),
    better="higher",
    source="arXiv:2210.00364, its E and S; probes on random features of Rahimi and Recht (2007)",
    default=False,
    interval="held-out",
    seconds=1,
    factorwise=("explicitness",),
    groups=True,
)
def dci_es(
    codes: Codes, factors: Factors, train: ArrayLike | None = None, *, ridge: float = 1.0, seed: int = 0
) -> Scores:
    """DCI-ES explicitness and size (ES): high when a linear probe reads the factors as well as any, from few codes.

    Six probes of growing capacity predict each factor: ridge regression on the standardized codes, and the same with 4,
    16, 64, 256 and 1,024 random Fourier features beside them. Their squared errors on the rows that were not fitted on,
    each the smallest so far, make the loss-capacity curve L_0 .. L_5. L_mean is the loss of predicting the mean.

        E = 1 - 2 A / (T (L_mean - L_5)),    A = area between the curve and L_5,    T = number of steps of capacity
        S = k / d

    E is 1 where the linear probe is as good as any, 0 where the loss falls evenly with capacity, and -1 where it takes
    the largest.

    Does not see: how informative the codes are, since a code may be easy to read and hold little; read it beside
    `dci`'s informativeness. A scalar code of a categorical factor with many classes is not explicit, so that noise can
    even raise its score. The ceiling is therefore not what codes get that are the factors, but 1, which codes get that
    a linear probe reads, such as the indicators of the classes.

    A factor that no probe predicts, the smallest loss being within 1 % of the mean's, has -1: it takes more than all of
    them. The paper leaves this case open.

    Args:
        codes: `(n, d)`; a categorical code counts as one code of indicators, a cyclic one as cosine and sine.
        factors: `(n, k)`; of categorical and ordinal factors the indicators of the classes are predicted, of a cyclic
            one that is not whole numbers cosine and sine.
        train: `(n,)` bool, the rows to fit on; by default a random two thirds.
        ridge: the penalty.
        seed: of that draw, and of the random features.

    Returns:
        explicitness in [-1, 1], with the curve of each factor in its details, and size, a ratio: 1 with one code per
        factor, less with spare codes.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a mask that leaves no
            rows to fit on or to score; a penalty that is not positive.

    References:
        Eastwood et al. (2022), arXiv:2210.00364, its E and S; probes on random features of Rahimi and Recht (2007).

    Example:
        The codes are the factors, which a linear probe reads.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import dci_es
        >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 6)
        >>> scores = dci_es(factors.astype(float), factors, np.arange(24) < 12)
        >>> round(scores["explicitness"].value, 2), scores["size"].value
        (1.0, 1.0)
    """
    if ridge <= 0:
        raise MetricError(f"ridge is {ridge}.", "Give a penalty above 0.")
    data = Observations.of(codes, factors, train, seed=seed)
    if data.reason:
        return {component: Score.undefined(data.reason) for component in COMPONENTS}
    curves, held_out = _loss_curves(data, ridge, seed)
    each = {name: explicitness(curve) for name, curve in curves.items()}
    details: dict[str, Any] = {
        "each": each,
        "features": list(FEATURES),
        "losses": {n: c.tolist() for n, c in curves.items()},
    }
    if not each:
        reason = f"no factor varies both on the train rows and on the others: {', '.join(data.factors.names)}"
        explicit = Score.undefined(reason)
    else:
        details["constant_factors"] = [*data.constant]
        explicit = Score(float(np.mean(list(each.values()))), ceiling=1.0, details=details)
    size = len(data.factors.names) / len(data.codes.names)
    scores = {"explicitness": explicit, "size": Score(size, bounds=(0, None))}

    def resampled(weights: Weights) -> dict[str, float]:
        sums = [errors @ weights for errors in held_out.values()]
        return {"explicitness": float(np.mean([explicitness(probes / mean) for mean, *probes in sums]))} if sums else {}

    return with_resampling(scores, ("explicitness",), Resampling(int((~data.train).sum()), "held-out rows", resampled))


def explicitness(losses: ArrayLike) -> float:
    """Compute E of arXiv:2210.00364 from losses `(t,)` at evenly spaced capacities, as shares of the mean's loss."""
    curve = np.minimum.accumulate(np.minimum(np.asarray(losses, dtype=np.float64), 1))
    least = curve[-1]
    if 1 - least < LEARNED:
        return -1.0
    area = float(np.trapezoid(curve - least))
    return 1 - 2 * area / ((len(curve) - 1) * float(1 - least))


def _loss_curves(data: Observations, ridge: float, seed: int) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Fit the probes to each factor.

    Returns:
        For each factor the loss `(t,)` of each probe as a share of the loss of the train rows' mean; and the squared
        errors `(1 + t, m)` on each held-out row, those of the mean first.
    """
    train = data.train
    features = _features(numeric_columns(data.codes).values, train, seed)
    width = features.shape[1] - FEATURES[-1]
    targets = {name: _columns(Target.of(data, name)) for name in data.factors.names}
    joined = np.concatenate(list(targets.values()), axis=1)
    joined = joined - joined[train].mean(axis=0)
    squares = [joined[~train] ** 2]
    squares += [_squared_errors(features[:, : width + count], joined, train, ridge) for count in FEATURES]
    baseline, *errors = (each.sum(axis=0) for each in squares)
    curves, held_out, begin = {}, {}, 0
    for name, columns in targets.items():
        own = slice(begin, begin := begin + columns.shape[1])
        if baseline[own].sum() > 0 and (joined[train, own] != 0).any():
            curves[name] = np.array([error[own].sum() for error in errors]) / baseline[own].sum()
            held_out[name] = np.stack([each[:, own].sum(axis=1) for each in squares])
    return curves, held_out


def _columns(target: Target) -> Floats:
    if not target.by_class:
        return np.asarray(target.values / target.values.std(axis=0).clip(min=np.finfo(float).tiny))
    return np.asarray(target.values[:, None] == np.unique(target.values), dtype=np.float64)


def _features(columns: Floats, train: NDArray[np.bool_], seed: int) -> Floats:
    """Return the columns, standardized on the train rows, and random features, centered there: `(n, p + 1024)`."""
    columns = standardized(columns, like=columns[train])
    rng = np.random.default_rng(seed)
    scales = np.exp(rng.uniform(np.log(_LOWEST), np.log(_HIGHEST), size=FEATURES[-1]))
    phases = rng.uniform(0, 2 * np.pi, size=FEATURES[-1])
    waves = np.cos(columns @ (rng.standard_normal((columns.shape[1], FEATURES[-1])) * scales) + phases)
    return np.concatenate([columns, waves - waves[train].mean(axis=0)], axis=1)


def _squared_errors(features: Floats, targets: Floats, train: NDArray[np.bool_], ridge: float) -> Floats:
    """Return the errors `(m, q)` on held-out rows of ridge regressions of targets `(n, q)` on the train rows."""
    fit = features[train]
    gram = fit.T @ fit
    gram[np.diag_indices_from(gram)] += ridge
    weights = np.linalg.solve(gram, fit.T @ targets[train])
    return np.asarray((targets[~train] - features[~train] @ weights) ** 2)
