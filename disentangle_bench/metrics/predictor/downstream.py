"""Downstream efficiency: how well classifiers of all codes predict the factors from few labels and from many."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from disentangle_bench.metrics.encoding import numeric_columns, standardized
from disentangle_bench.metrics.information.entropies import discretize
from disentangle_bench.metrics.inputs import Observations, require_at_least
from disentangle_bench.metrics.learners.fitting import fit_quietly
from disentangle_bench.metrics.metric import Codes, Factors, Score, Scores, metric, values_of, with_resampling
from disentangle_bench.metrics.resampling import Resampling, Weights, held_out_means
from disentangle_bench.seeds import derive_seed

FEW = (100, 1_000)
MOST = 10_000
EFFICIENCIES = {"efficiency": FEW[0], "efficiency.1000": FEW[1]}
ACCURACIES = {"accuracy.100": FEW[0], "accuracy.1000": FEW[1], "accuracy.most": None}
"""Component -> how many train rows are fitted on; None for as many as there are, up to 10,000."""
Floats = NDArray[np.float64]


@metric(
    "downstream",
    version=1,
    bounds=(0, None),
    better="neither",
    source="arXiv:1811.12359, section 5.5",
    default=False,
    interval="held-out",
    seconds=0.7,
    factorwise=tuple(ACCURACIES),
    groups=True,
)
def downstream(
    codes: Codes,
    factors: Factors,
    train: ArrayLike | None = None,
    *,
    repeats: int = 5,
    num_bins: int = 20,
    seed: int = 0,
) -> Scores:
    """Downstream sample efficiency: high when 100 labels train a linear classifier as well as 10,000 do.

    For each factor, a logistic regression on all codes, scaled to unit variance, is fitted to 100 and to 1,000 random
    train rows and to as many as there are up to 10,000. (C = 1, where the authors choose C anew each time by
    cross-validation.) Accuracies on the rows that are not for training are averaged over factors and draws.

        efficiency = accuracy with 100 rows / accuracy with the most rows

    Does not see: how informative the codes are. Uninformative codes are as good from few labels as from many and score
    about 1, so compare codes of about equal accuracy.

    Args:
        codes: `(n, d)`; a categorical code counts as indicators, a cyclic one as cosine and sine.
        factors: `(n, k)`; continuous ones are cut into equal-width bins.
        train: `(n,)` bool, the rows to fit on; by default a random two thirds.
        repeats: draws of 100 and of 1,000 rows.
        num_bins: bins of a continuous factor, and of angles.
        seed: of the draws.

    Returns:
        efficiency, a ratio; efficiency.1000, the same for 1,000 rows; and the accuracies in [0, 1], accuracy.100,
        accuracy.1000 and accuracy.most. The details of an accuracy hold that of each factor and the number of rows.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a mask that leaves no
            rows to fit on or to score; no repeats, or fewer than 2 bins.

    References:
        Locatello et al. (2018), arXiv:1811.12359, section 5.5.

    Example:
        The codes are the factors, which 100 labels suffice to learn.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import downstream
        >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 60)
        >>> scores = downstream(factors, factors, np.arange(240) < 160, repeats=1)
        >>> scores["efficiency"].value, scores["accuracy.100"].value
        (1.0, 1.0)
    """
    data = Observations.of(codes, factors, train, seed=seed)
    return _learn(data, LogisticRegression, repeats=repeats, num_bins=num_bins, seed=seed)


@metric(
    "downstream/forest",
    version=1,
    bounds=(0, None),
    better="neither",
    source="arXiv:1811.12359, section 5.5",
    slow=True,
    default=False,
    interval="held-out",
    seconds=25,
    factorwise=tuple(ACCURACIES),
    groups=True,
)
def downstream_forest(
    codes: Codes,
    factors: Factors,
    train: ArrayLike | None = None,
    *,
    trees: int = 100,
    repeats: int = 5,
    num_bins: int = 20,
    seed: int = 0,
) -> Scores:
    """Downstream sample efficiency of a forest: high when 100 labels train a random forest as well as 10,000 do.

    `downstream` with a learner that is not linear. The authors boost trees, which takes minutes where classes are many;
    either kind of tree splits one code at a time and so favors disentangled codes.

        efficiency = accuracy with 100 rows / accuracy with the most rows

    Does not see: how informative the codes are. Uninformative codes are as good from few labels as from many and score
    about 1, so compare codes of about equal accuracy.

    Args:
        codes: `(n, d)`; a categorical code counts as indicators, a cyclic one as cosine and sine.
        factors: `(n, k)`; continuous ones are cut into equal-width bins.
        train: `(n,)` bool, the rows to fit on; by default a random two thirds.
        trees: trees in a forest.
        repeats: draws of 100 and of 1,000 rows.
        num_bins: bins of a continuous factor, and of angles.
        seed: of the draws and the trees.

    Returns:
        The components of `downstream`.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a mask that leaves no
            rows to fit on or to score; no trees, no repeats, or fewer than 2 bins.

    References:
        Locatello et al. (2018), arXiv:1811.12359, section 5.5.

    Example:
        The codes are the factors, which 100 labels suffice to learn.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import downstream_forest
        >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 60)
        >>> scores = downstream_forest(factors, factors, np.arange(240) < 160, trees=5, repeats=1)
        >>> scores["efficiency"].value, scores["accuracy.100"].value
        (1.0, 1.0)
    """
    require_at_least(1, trees=trees)
    data = Observations.of(codes, factors, train, seed=seed)
    forest = partial(RandomForestClassifier, trees, random_state=derive_seed(seed, "forest") % 2**32)
    return _learn(data, forest, repeats=repeats, num_bins=num_bins, seed=seed)


def _learn(data: Observations, learner: Callable[[], Any], *, repeats: int, num_bins: int, seed: int) -> Scores:
    """Compute the components with a learner, which returns a classifier with `fit` and `predict`."""
    require_at_least(1, repeats=repeats)
    labels = discretize(data.factors, num_bins)
    rows, rest = np.flatnonzero(data.train), np.flatnonzero(~data.train)
    if data.reason or len(rows) <= FEW[0]:
        reason = data.reason or f"there are {len(rows)} train rows, which is not more than {FEW[0]}"
        return {component: Score.undefined(reason) for component in (*EFFICIENCIES, *ACCURACIES)}
    columns = numeric_columns(data.codes).values
    values = standardized(columns, like=columns[rows])
    rng = np.random.default_rng(derive_seed(seed, "downstream"))
    correct: dict[int, NDArray[np.bool_]] = {}  # number of train rows -> (draws, k, m), by held-out sample
    for size in sorted({*(few for few in FEW if few < len(rows)), min(MOST, len(rows))}):
        draws = [rng.permutation(rows)[:size] for _ in range(repeats if size in FEW else 1)]
        correct[size] = np.array(
            [[_correct(learner(), values, column, drawn, rest) for column in labels.T] for drawn in draws]
        )
    scores = _scores(data, {size: of.mean(axis=2).mean(axis=0) for size, of in correct.items()})
    means = {size: held_out_means(of.mean(axis=0)) for size, of in correct.items()}

    def resampled(weights: Weights) -> dict[str, float]:
        return values_of(_scores(data, {size: mean(weights) for size, mean in means.items()}))

    return with_resampling(scores, tuple(scores), Resampling(len(rest), "held-out rows", resampled))


def _correct(
    model: Any, values: Floats, labels: NDArray[np.int64], fit: NDArray[np.int64], rest: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which of the rows `rest` a model fitted on the rows `fit` classifies correctly."""
    if (labels[fit] == labels[fit[0]]).all():
        return np.asarray(labels[rest] == labels[fit[0]])
    return np.asarray(fit_quietly(model, values[fit], labels[fit]).predict(values[rest]) == labels[rest])


def _scores(data: Observations, accuracies: dict[int, Floats]) -> dict[str, Score]:
    """Compute the components from the accuracy of each factor by number of train rows."""
    most = max(accuracies)
    efficiencies = {name: _efficiency(data, accuracies, few) for name, few in EFFICIENCIES.items()}
    return efficiencies | {name: _mean_accuracy(data, accuracies, rows or most) for name, rows in ACCURACIES.items()}


def _efficiency(data: Observations, accuracies: dict[int, Floats], few: int) -> Score:
    most = max(accuracies)
    reached = float(accuracies[most].mean())
    if few not in accuracies or few == most:
        return Score.undefined(f"there are only {most} train rows")
    if reached == 0:
        return Score.undefined(f"no sample is classified correctly with {most} train rows")
    details = {"few": few, "most": most, "constant_factors": list(data.constant)}
    return Score(float(accuracies[few].mean()) / reached, details=details)


def _mean_accuracy(data: Observations, accuracies: dict[int, Floats], rows: int) -> Score:
    if rows not in accuracies:
        return Score.undefined(f"there are only {max(accuracies)} train rows")
    factors = dict(zip(data.factors.names, accuracies[rows].tolist(), strict=True))
    details = {"train_rows": rows, "factors": factors}
    return Score(float(accuracies[rows].mean()), bounds=(0, 1), better="higher", details=details)
