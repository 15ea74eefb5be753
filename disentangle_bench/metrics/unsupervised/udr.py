"""Unsupervised Disentanglement Ranking (UDR): agreement of models of the same data on their codes."""

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
"""Standardized columns of two models, `(n, p)` and `(n, q)` -> similarities `(p, q)`, 0 or more."""

_ITERATIONS = 100_000
_SOURCE = "arXiv:1905.12614, section 4"


@metric("udr/lasso", version=1, bounds=(0, None), better="higher", source=_SOURCE, scale_invariant=False)
def udr_lasso(representations: Representations, *, alpha: float = 0.1, min_variance: float = 0.02) -> dict[str, Score]:
    """Unsupervised Disentanglement Ranking (UDR), Lasso: high when each code has one counterpart in other models.

    For each pair of models a Lasso regression predicts the codes of one from those of the other, both standardized; its
    absolute weights are the similarity R. A pair scores high where each code is similar to one code of the other model
    and to no second one. A model's score is the median over the other models.

        UDR_ij = 1/(d + e) (Σ_a max_b R(a, b)^2 / Σ_b R(a, b) + Σ_b max_a R(a, b)^2 / Σ_a R(a, b))
        UDR_i  = median_j UDR_ij

    Does not see: whether the codes that models share are factors; nor errors that all models make. Copies of one model
    agree whatever they hold.

    The paper leaves out codes whose divergence from a normal prior is below 0.01; that divergence is at least half the
    variance of the mean, so a variance above 0.02 is above it, too. disentanglement_lib averages the sums over a and
    over b separately, which differs where models have different numbers of active codes; here, as in the paper, each
    code counts once.

    Args:
        representations: by model, codes `(n, d)` for the same samples; 2 models or more, and the paper advises 5 or
            more. A categorical code enters by its indicators, a cyclic one by cosine and sine; the similarity of two
            codes is the largest among their columns.
        alpha: penalty of the regression.
        min_variance: codes of smaller variance are left out. It is absolute, made for codes whose prior has variance 1.

    Returns:
        The score of each model, by its name. With independent codes, models that agree perfectly score `1 - alpha`.
        Undefined where no code varies enough. The details hold the score of each pair and the names of inactive codes.

    Raises:
        DbenchError: fewer than 2 models, different numbers of samples, NaN or infinite values.

    References:
        Duan et al. (2019), arXiv:1905.12614, section 4.

    Example:
        The second model has the same independent codes in another order.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import udr_lasso
        >>> codes = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
        >>> scores = udr_lasso({"one": codes, "other": codes[:, ::-1]})
        >>> round(scores["one"].value, 3)
        0.9
    """
    return _scores(representations, stats.zscore, partial(lasso_weights, alpha=alpha), min_variance)


@metric("udr/spearman", version=1, bounds=(0, 1), better="higher", source=_SOURCE, scale_invariant=False)
def udr_spearman(representations: Representations, *, min_variance: float = 0.02) -> dict[str, Score]:
    """Unsupervised Disentanglement Ranking (UDR), Spearman: high when each code has one counterpart in other models.

    As `udr/lasso`, with the absolute rank correlation of two codes as their similarity R.

        UDR_ij = 1/(d + e) (Σ_a max_b R(a, b)^2 / Σ_b R(a, b) + Σ_b max_a R(a, b)^2 / Σ_a R(a, b))
        UDR_i  = median_j UDR_ij

    Does not see: counterparts that are not monotonic; whether the codes that models share are factors; nor errors that
    all models make. Copies of one model agree whatever they hold.

    Args:
        representations: by model, codes `(n, d)` for the same samples; 2 models or more, and the paper advises 5 or
            more.
        min_variance: codes of smaller variance are left out. It is absolute, made for codes whose prior has variance 1.

    Returns:
        The score of each model, by its name, in [0, 1]; 1 for models that agree perfectly and whose codes are
        uncorrelated. Undefined where no code varies enough. The details hold the score of each pair and the names of
        inactive codes.

    Raises:
        DbenchError: fewer than 2 models, different numbers of samples, NaN or infinite values.

    References:
        Duan et al. (2019), arXiv:1905.12614, section 4.

    Example:
        The second model has the same independent codes in another order.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import udr_spearman
        >>> codes = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
        >>> scores = udr_spearman({"one": codes, "other": codes[:, ::-1]})
        >>> round(scores["one"].value, 3)
        1.0
    """
    return _scores(representations, standard_ranks, rank_correlations, min_variance)


def _scores(
    representations: Representations,
    standardize: Callable[[Floats], Floats],
    similarity: Similarity,
    min_variance: float,
) -> dict[str, Score]:
    models = models_of(representations, min_variance)
    plain = {model.name: numeric_columns(model.active) for model in models if model.alive}
    columns = {name: replace(each, values=standardize(each.values)) for name, each in plain.items()}
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


def pair_score(similarity: Floats) -> float:
    """`UDR_ij` of similarities `(d, e)`: 1 where each code is similar to exactly one code of the other model."""
    total = 0.0
    for matrix in (similarity, similarity.T):
        sums = matrix.sum(axis=0)
        total += float((matrix.max(axis=0) ** 2 / np.where(sums > 0, sums, 1)).sum())
    return total / sum(similarity.shape)


def _of_variables(similarity: Floats, rows: Columns, columns: Columns) -> Floats:
    """The largest similarity `(d, e)` of any column of one code with any column of the other."""
    by_row = np.stack([similarity[rows.owner == code].max(axis=0) for code in range(rows.variables)])
    return np.stack([by_row[:, columns.owner == code].max(axis=1) for code in range(columns.variables)], axis=1)


def lasso_weights(inputs: Floats, targets: Floats, alpha: float) -> Floats:
    """Absolute weights `(p, q)` of Lasso regressions from `inputs (n, p)` to `targets (n, q)`."""
    model = Lasso(alpha=alpha, max_iter=_ITERATIONS, random_state=0)  # else it draws from NumPy's global state
    model.fit(inputs, targets)
    return np.asarray(np.abs(np.atleast_2d(model.coef_)).T)


def standard_ranks(values: Floats) -> Floats:
    """The ranks within each column `(n, p)`, standardized."""
    return np.asarray(stats.zscore(stats.rankdata(values, axis=0)))


def rank_correlations(first: Floats, second: Floats) -> Floats:
    """Absolute correlations `(p, q)` of standardized ranks `(n, p)` and `(n, q)`."""
    return np.asarray(np.minimum(np.abs(first.T @ second) / len(first), 1))
