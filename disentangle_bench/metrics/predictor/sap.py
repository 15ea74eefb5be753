"""SAP: how far the code that predicts a factor best is ahead of the second best."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.svm import LinearSVC

from disentangle_bench.metrics.conditioning import Conditioning, within_reach
from disentangle_bench.metrics.encoding import Columns, numeric_columns
from disentangle_bench.metrics.inputs import Observations, varies
from disentangle_bench.metrics.learners.linear_svm import OneVsRest
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric, with_resampling
from disentangle_bench.metrics.predictor.prediction import Target
from disentangle_bench.metrics.resampling import Resampling, held_out_means

COST = 0.01
Floats = NDArray[np.float64]


@metric(
    "sap",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1711.00848, section 3; classification as in arXiv:1811.12359",
    scale_invariant=False,
    interval="held-out",
    seconds=0.04,
    grows_with=("rows", "columns", "factors"),
    factorwise=("",),
    groups=True,
)
def separated_attribute_predictability(
    codes: Codes, factors: Factors, train: ArrayLike | None = None, *, seed: int = 0
) -> Score:
    """Separated Attribute Predictability (SAP): high when one code predicts each factor far better than any other.

    For each code and factor a linear support vector machine (C = 0.01, balanced classes) is fitted on the train rows,
    and its accuracy on the other rows is the score S_ij. Continuous factors, and cyclic ones that are not whole
    numbers, are predicted by linear regression on the train rows instead, whose R² is the score, as in the paper.

        SAP = 1/k Σ_j (S_best,j - S_second,j)

    Does not see: a code that predicts several factors. The penalty makes it depend on the scale of the codes, and a
    linear machine of a single code cannot separate the middle ones of many classes, so perfect codes score far below 1:
    compare with the ceiling. A little noise moves the score by a few hundredths, to above the ceiling too: perfect
    codes have all samples of a class at one point, which the machine takes or misses whole.

    Args:
        codes: `(n, d)`; a categorical code counts as one code of indicators, a cyclic one as cosine and sine.
        factors: `(n, k)` of any kinds; those that are constant, or are so on the train rows, are left out.
        train: `(n,)` bool, the rows to fit on; by default a random two thirds.
        seed: of that draw.

    Returns:
        The mean gap, a difference of accuracies in [0, 1]; undefined for a single code. Its details hold the gap of
        each factor and the scores `(d, k)`.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a mask that leaves no
            rows to fit on or to score.

    References:
        Kumar et al. (2017), arXiv:1711.00848, section 3; classification as in Locatello et al. (2018),
        arXiv:1811.12359.

    Example:
        The codes are two independent binary factors: one code is always right, the other half of the time.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import separated_attribute_predictability
        >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 6)
        >>> train = np.arange(24) < 12
        >>> round(separated_attribute_predictability(factors.astype(float), factors, train).value, 3)
        0.5
    """
    return _mean_gap(Observations.of(codes, factors, train, seed=seed), by_class=True)


@metric(
    "sap/regression",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1711.00848, section 3",
    relabel_invariant=False,
    default=False,
    factorwise=("",),
    groups=True,
)
def separated_attribute_predictability_by_regression(
    codes: Codes, factors: Factors, train: ArrayLike | None = None, *, seed: int = 0
) -> Score:
    """Separated Attribute Predictability (SAP) by regression: high when each factor is linear in one code only.

    SAP with all factors taken as numbers. The score S_ij of a code for a factor is their squared correlation on the
    train rows.

        SAP = 1/k Σ_j (S_best,j - S_second,j),    S_ij = Corr(c_i, v_j)²

    Does not see: a code that predicts several factors, nor any dependence that is not linear. Labels count as the
    numbers that they are; use `sap` where their order means nothing.

    Unlike disentanglement_lib, it does not treat a code whose variance is below 1e-12 as dead.

    Args:
        codes: `(n, d)`; for a categorical or cyclic code, the R² of the regression on its indicators, or on its cosine
            and sine.
        factors: `(n, k)` of any kinds; a cyclic one counts as cosine and sine, with their common R². Those that are
            constant, or are so on the train rows, are left out.
        train: `(n,)` bool, the rows to use; by default a random two thirds.
        seed: of that draw.

    Returns:
        The mean gap, a difference of shares of variance in [0, 1]; undefined for a single code and for factors that are
        text. Its details hold the gap of each factor and the scores `(d, k)`.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a mask that leaves no
            rows to fit on or to score.

    References:
        Kumar et al. (2017), arXiv:1711.00848, section 3.

    Example:
        The codes are two uncorrelated factors.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import separated_attribute_predictability_by_regression
        >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 2)
        >>> train = np.arange(8) < 4
        >>> round(separated_attribute_predictability_by_regression(factors.astype(float), factors, train).value, 3)
        1.0
    """
    return _mean_gap(Observations.of(codes, factors, train, seed=seed), by_class=False)


def explained_share(columns: Floats, targets: Floats) -> float:
    """R² of the linear regression of targets `(n, q)` on columns `(n, p)`, over all targets together."""
    columns = Conditioning.of(columns)(columns)
    columns, targets = columns - columns.mean(axis=0), targets - targets.mean(axis=0)
    fitted = columns @ np.linalg.lstsq(columns, targets)[0]
    return float(np.clip((fitted**2).sum() / (targets**2).sum(), 0, 1))


def _mean_gap(data: Observations, *, by_class: bool) -> Score:
    names, is_text = data.factors.names, data.factors.values.dtype.kind == "U"
    usable = [name for name in names if varies(data.factors.column(name)[data.train])]
    if data.reason or not usable:
        return Score.undefined(data.reason or f"no factor varies on the train rows: {', '.join(names)}")
    if is_text and not by_class:
        return Score.undefined("the factors are text, not numbers")
    if len(data.codes.names) < 2:
        return Score.undefined("there is one code, and no second best")
    targets = [Target.of(data, name) if by_class else Target.numbers(data, name) for name in usable]
    scores, right = _scores(numeric_columns(data.codes), targets, data.train)
    gaps = _gaps(scores)
    best_codes = [data.codes.names[place] for place in scores.argmax(axis=0)]
    details = {
        "gaps": dict(zip(usable, gaps.tolist(), strict=True)),
        "best_codes": dict(zip(usable, best_codes, strict=True)),
        "scores": scores.tolist(),
        "constant_factors": [*data.constant, *(name for name in names if name not in usable)],
    }
    score = Score(float(gaps.mean()), details=details)
    if right is None:
        return score
    accuracies = held_out_means(right)
    drawn = Resampling(right.shape[-1], "held-out rows", lambda weights: {"": float(_gaps(accuracies(weights)).mean())})
    return with_resampling(score, ("",), drawn)


def _gaps(scores: Floats) -> Floats:
    """Return the gaps `(k,)` between the best and the second-best code of each target, from scores `(d, k)`."""
    second, best = np.sort(scores, axis=0)[-2:]
    return np.asarray(best - second)


def _scores(codes: Columns, targets: list[Target], train: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_] | None]:
    """Return how well each code predicts each target: accuracy on held-out rows, or R² on the train rows.

    Returns:
        The scores `(d, k)`, and whether each held-out prediction is right `(d, k, m)`, if all targets are classes.
    """
    table = np.empty((codes.variables, len(targets)))
    rest = np.flatnonzero(~train)
    right = np.empty((*table.shape, len(rest)), dtype=bool)
    for code in range(codes.variables):
        values = codes.of(code)
        values = values * within_reach(values)
        fit = np.flatnonzero(train)
        fit = fit[np.argsort(values[fit, 0], kind="stable")]  # once for all targets
        for place, target in enumerate(targets):
            if target.by_class:
                right[code, place] = _classify(values, target.values, fit, rest) == target.values[rest]
                table[code, place] = right[code, place].mean()
            else:
                table[code, place] = explained_share(values[fit], target.values[fit])
    return table, right if all(target.by_class for target in targets) else None


def _classify(values: Floats, classes: NDArray[Any], fit: NDArray[np.int64], rest: NDArray[np.int64]) -> NDArray[Any]:
    """Return the class of each of the rows `rest`, predicted by machines fitted on the rows `fit`."""
    names, labels = np.unique(classes[fit], return_inverse=True)
    if values.shape[1] == 1:
        return np.asarray(names[OneVsRest.fit(values[fit, 0], labels, cost=COST).predict(values[rest, 0])])
    machine = LinearSVC(C=COST, class_weight="balanced", dual=False, random_state=0)
    return np.asarray(names[machine.fit(values[fit], labels).predict(values[rest])])
