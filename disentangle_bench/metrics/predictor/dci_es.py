"""DCI-ES: how much capacity it takes to read the factors from the codes, and how many codes there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.encoding import numeric_columns, standardized
from disentangle_bench.metrics.inputs import Observations
from disentangle_bench.metrics.metric import Codes, Factors, Score, Scores, metric, with_resampling
from disentangle_bench.metrics.predictor.prediction import Target
from disentangle_bench.metrics.resampling import Resampling, Weights

COMPONENTS = ("explicitness", "informativeness", "informativeness.linear", "size")
READINGS = COMPONENTS[:3]
FEATURES = (0, 4, 16, 64, 256, 1024)
"""Random features of each probe beside the codes themselves; the first is linear. Capacity is their place here."""
LEARNED = 0.01
_LOWEST, _HIGHEST = 0.1, 3.0  # frequencies, per standard deviation of a code
Floats = NDArray[np.float64]


@metric(
    "dci-es",
    version=2,
    bounds=(-1, 1),
    better="neither",
    source="arXiv:2210.00364, its E, I and S; probes on random features of Rahimi and Recht (2007)",
    default=False,
    interval="held-out",
    seconds=1,
    factorwise=READINGS,
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
        I = 1 - L_5 / L_mean,                I_linear = 1 - L_0 / L_mean
        S = k / d

    E is 1 where the linear probe is as good as any, 0 where the loss falls evenly with capacity, and -1 where it takes
    the largest. It compares codes with themselves: of two that are equally informative, the one with the greater E is
    easier to read.

    Does not see: how informative the codes are. Noise can raise E, since what a noisy number says of a class is almost
    linear in it: of K classes, equally frequent and at even distances, a linear probe reads `1 / (K - 1)` of the
    indicators' variance from the number itself, other probes all of it, so that E is low; of that number behind much
    noise, all probes read the same little, and E tends to 1. So E has no direction, and neither chance nor ceiling.
    I and I_linear have: noise lowers both. Compare E between codes of about the same I.

    A factor that no probe predicts, the smallest loss being within 1 % of the mean's, has an E of -1: it takes more
    than all of them. The paper leaves this case open.

    Args:
        codes: `(n, d)`; a categorical code counts as one code of indicators, a cyclic one as cosine and sine.
        factors: `(n, k)`; of categorical and ordinal factors the indicators of the classes are predicted, of a cyclic
            one that is not whole numbers cosine and sine.
        train: `(n,)` bool, the rows to fit on; by default a random two thirds.
        ridge: the penalty.
        seed: of that draw, and of the random features.

    Returns:
        explicitness, E in [-1, 1], with the curve of each factor in its details; informativeness and
        informativeness.linear, I and I_linear in [0, 1]; and size, a ratio: 1 with one code per factor, less with spare
        codes.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a mask that leaves no
            rows to fit on or to score; a penalty that is not positive.

    References:
        Eastwood et al. (2022), arXiv:2210.00364, its E, I and S; probes on random features of Rahimi and Recht (2007).

    Example:
        The codes are the factors, which a linear probe reads.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import dci_es
        >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 6)
        >>> scores = dci_es(factors.astype(float), factors, np.arange(24) < 12)
        >>> {part: round(score.value, 2) for part, score in scores.items()}
        {'explicitness': 1.0, 'informativeness': 1.0, 'informativeness.linear': 0.99, 'size': 1.0}
    """
    if ridge <= 0:
        raise MetricError(f"ridge is {ridge}.", "Give a penalty above 0.")
    data = Observations.of(codes, factors, train, seed=seed)
    if data.reason:
        return {component: Score.undefined(data.reason) for component in COMPONENTS}
    curves, held_out = _loss_curves(data, ridge, seed)
    size = Score(len(data.factors.names) / len(data.codes.names), bounds=(0, None))
    if not curves:
        reason = f"no factor varies both on the train rows and on the others: {', '.join(data.factors.names)}"
        return {**dict.fromkeys(READINGS, Score.undefined(reason)), "size": size}
    details: dict[str, Any] = {
        "each": {name: explicitness(curve) for name, curve in curves.items()},
        "features": list(FEATURES),
        "losses": {name: curve.tolist() for name, curve in curves.items()},
        "constant_factors": [*data.constant],
    }
    values = _means(list(curves.values()))
    scores = {part: Score(value, better="higher", bounds=(0, 1)) for part, value in values.items()}
    scores["explicitness"] = Score(values["explicitness"], details=details)

    def resampled(weights: Weights) -> dict[str, float]:
        sums = [errors @ weights for errors in held_out.values()]
        return _means([probes / mean for mean, *probes in sums])

    resampling = Resampling(int((~data.train).sum()), "held-out rows", resampled)
    return with_resampling({**scores, "size": size}, READINGS, resampling)


def _means(curves: Sequence[Floats]) -> dict[str, float]:
    """Average what curves say over the factors."""
    least = np.array([_falling(curve) for curve in curves])
    return {
        "explicitness": float(np.mean([explicitness(curve) for curve in curves])),
        "informativeness": float(1 - least[:, -1].mean()),
        "informativeness.linear": float(1 - least[:, 0].mean()),
    }


def _falling(losses: ArrayLike) -> Floats:
    """Return the smallest loss up to each capacity, and no more than the mean's: `(t,)`, as shares of it."""
    return np.minimum.accumulate(np.minimum(np.asarray(losses, dtype=np.float64), 1))


def explicitness(losses: ArrayLike) -> float:
    """Compute E of arXiv:2210.00364 from losses `(t,)` at evenly spaced capacities, as shares of the mean's loss."""
    curve = _falling(losses)
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
