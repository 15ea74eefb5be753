"""Unsupervised disentanglement ranking: do models of the same data find the same codes?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.linear_model import Lasso

from disentangle_bench.metrics.encoding import Columns, numeric_columns
from disentangle_bench.metrics.metric import Representations, Score, metric
from disentangle_bench.metrics.unsupervised.models import Model, models_of

Floats = NDArray[np.float64]
Similarity = Callable[[Floats, Floats], Floats]
"""Standardised columns of two models, `(n, p)` and `(n, q)` -> how alike they are, `(p, q)`, 0 for not at all."""

_ITERATIONS = 100_000
_SOURCE = "arXiv:1905.12614, section 4"


@metric("udr/lasso", version=1, bounds=(0, None), better="higher", source=_SOURCE, scale_invariant=False)
def udr_lasso(representations: Representations, *, alpha: float = 0.1, min_variance: float = 0.02) -> dict[str, Score]:
    """How far each model's codes are each one code of the other models, by the weights of a sparse linear regression.

    For each pair of models a Lasso regression predicts the codes of the one from those of the other, both
    standardised; its absolute weights are the likeness `R(a, b)`. The score of the pair is high where each code has
    one counterpart and no second: `r^2 / sum of R` for the largest `r` of each row and of each column, averaged over
    all codes of both. A model's score is the median over the others. With independent codes and `alpha` 0.1, models
    that agree perfectly score 0.9.

    Codes that do not vary are left out. The paper leaves out those whose divergence from a normal prior is below 0.01;
    that divergence is at least half the variance of the mean, so a variance above 0.02 is above it, too.
    disentanglement_lib averages rows and columns apart, which is another figure where two models differ in how many
    codes are active; here as in the paper each code counts once. A categorical code counts by its indicators, a cyclic
    one by cosine and sine; the likeness of two codes is the greatest among their columns.

    Args:
        representations: the codes of 2 models or more for the same samples; the paper advises 5 or more.
        alpha: the penalty of the regression.
        min_variance: codes that vary less are left out. It is absolute, made for codes whose prior has variance 1.

    Returns:
        The score of each model by its name.
    """
    return _scores(representations, stats.zscore, partial(_lasso_weights, alpha=alpha), min_variance)


@metric("udr/spearman", version=1, bounds=(0, 1), better="higher", source=_SOURCE, scale_invariant=False)
def udr_spearman(representations: Representations, *, min_variance: float = 0.02) -> dict[str, Score]:
    """How far each model's codes are each one code of the other models, by rank correlation.

    As `udr/lasso`, with the absolute rank correlation of two codes for their likeness. Models that agree perfectly
    score 1 if their codes are uncorrelated.

    Args:
        representations: the codes of 2 models or more for the same samples; the paper advises 5 or more.
        min_variance: codes that vary less are left out. It is absolute, made for codes whose prior has variance 1.

    Returns:
        The score of each model by its name.
    """
    return _scores(representations, _standard_ranks, _correlations, min_variance)


def _scores(
    representations: Representations,
    standardise: Callable[[Floats], Floats],
    similarity: Similarity,
    min_variance: float,
) -> dict[str, Score]:
    models = models_of(representations, min_variance)
    plain = {model.name: numeric_columns(model.active) for model in models if model.alive}
    columns = {name: replace(each, values=standardise(each.values)) for name, each in plain.items()}
    return {model.name: _score(model, columns, similarity) for model in models}


def _score(model: Model, columns: dict[str, Columns], similarity: Similarity) -> Score:
    if not model.alive:
        return Score.undefined("no code varies enough; lower min_variance if the codes are small by design")
    own = columns[model.name]
    pairs = {
        name: pair_score(_of_variables(similarity(other.values, own.values), other, own))
        for name, other in columns.items()
        if name != model.name
    }
    if not pairs:
        return Score.undefined("no other model has a code that varies enough")
    details = {"pairs": pairs, "inactive_codes": list(model.inactive)}
    return Score(float(np.median(list(pairs.values()))), details=details)


def pair_score(likeness: Floats) -> float:
    """`UDR_ij` of a matrix of likeness `R(a, b) (d, e)`: 1 where each code is wholly like one other and no second."""
    return float(sum(_uniqueness(matrix).sum() for matrix in (likeness, likeness.T)) / sum(likeness.shape))


def _uniqueness(likeness: Floats) -> Floats:
    """`r^2 / sum of R` of each column; 0 for one that is like nothing."""
    total = likeness.sum(axis=0)
    return np.asarray(likeness.max(axis=0) ** 2 / np.where(total > 0, total, 1))


def _of_variables(likeness: Floats, rows: Columns, columns: Columns) -> Floats:
    """The greatest likeness `(d, e)` of any column of one code with any column of the other."""
    by_row = np.stack([likeness[rows.owner == code].max(axis=0) for code in range(rows.variables)])
    return np.stack([by_row[:, columns.owner == code].max(axis=1) for code in range(columns.variables)], axis=1)


def _lasso_weights(inputs: Floats, targets: Floats, alpha: float) -> Floats:
    model = Lasso(alpha=alpha, max_iter=_ITERATIONS, random_state=0)  # else it draws from NumPy's global state
    model.fit(inputs, targets)
    return np.asarray(np.abs(np.atleast_2d(model.coef_)).T)


def _standard_ranks(values: Floats) -> Floats:
    return np.asarray(stats.zscore(stats.rankdata(values, axis=0)))


def _correlations(first: Floats, second: Floats) -> Floats:
    return np.asarray(np.minimum(np.abs(first.T @ second) / len(first), 1))
