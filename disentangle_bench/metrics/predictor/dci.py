"""DCI: disentanglement, completeness and informativeness, from the importance of each code for each factor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.metrics.conditioning import Conditioning
from disentangle_bench.metrics.inputs import Observations
from disentangle_bench.metrics.learners.boosting import STAGES, boost_classes, boost_values
from disentangle_bench.metrics.learners.sorted_columns import Sorted
from disentangle_bench.metrics.metric import Codes, Factors, Score, Scores, metric, with_resampling
from disentangle_bench.metrics.predictor.importance import completeness, concentration, disentanglement
from disentangle_bench.metrics.predictor.prediction import Fitted, Learner, Prediction, predict_factors
from disentangle_bench.metrics.resampling import Resampling

COMPONENTS = ("disentanglement", "completeness", "informativeness", "informativeness.train")
FACTORWISE = COMPONENTS[2:]
_SECONDS_A_TREE, _SECONDS_A_VALUE = 1e-3, 4e-8
Floats = NDArray[np.float64]


@metric(
    "dci",
    version=2,
    bounds=(0, 1),
    better="higher",
    source="Eastwood and Williams (2018), section 2; boosted trees as in arXiv:1811.12359",
    slow=True,
    interval="held-out",
    seconds=40,
    factorwise=FACTORWISE,
    groups=True,
)
def dci(codes: Codes, factors: Factors, train: ArrayLike | None = None, *, seed: int = 0) -> Scores:
    """DCI: high when each code matters to one factor (D), each factor needs one code (C) and is predicted (I).

    For each factor, gradient boosted trees (scikit-learn's defaults: 100 stages of depth 3) are fitted on the train
    rows. The importance R_ij of a code for a factor is its share of the decrease of squared error over all splits.

        D = Σ_i rho_i D_i,      D_i = 1 - H_k(R_i1 .. R_ik),      rho_i = Σ_j R_ij / Σ_ij R_ij
        C = Σ_j sigma_j C_j,    C_j = 1 - H_d(R_1j .. R_dj),      sigma_j = Σ_i R_ij / Σ_ij R_ij
        I = 1/k Σ_j accuracy_j

    H_b is the entropy to base b of the values, scaled to sum to 1; accuracy is that on the rows that were not fitted
    on.

    Does not see: how codes depend on factors; trees find any dependence, linear or not. D and C ignore how informative
    the codes are: noise scores little, but not 0. Near-copies of a code lower completeness.

    A code without importance, such as a constant one, has no D_i and no weight; disentanglement_lib adds 1e-11 to all
    importances, which moves the values by less than 1e-9. D is undefined for one factor and C for one code.

    The trees are those of scikit-learn's `GradientBoostingClassifier(random_state=seed)`, split by split, except for
    codes of an unusual scale or place, which are rescaled and shifted; many continuous codes take a third of its time
    or less. (In version 1 they differed where splits are equally good.) disentanglement_lib sets no `random_state`, so
    its values vary with the choice among equally good splits.

    Args:
        codes: `(n, d)`; a categorical code is split by its indicators, whose importances are summed.
        factors: `(n, k)`; categorical, ordinal and whole-numbered cyclic ones are classified. Continuous ones, and
            cosine and sine of other cyclic ones, are predicted as numbers, and R² takes the place of the accuracy.
        train: `(n,)` bool, the rows to fit on; by default a random two thirds.
        seed: of that draw, and scikit-learn's `random_state`, which chooses among equally good splits.

    Returns:
        disentanglement and completeness in [0, 1], informativeness, a mean accuracy or R² of at most 1, and
        informativeness.train, the same on the rows that were fitted on. The details hold the importances `(d, k)` and
        the value of each code and factor.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a mask that leaves no
            rows to fit on or to score.

    References:
        Eastwood and Williams (2018), A Framework for the Quantitative Evaluation of Disentangled Representations,
        section 2; boosted trees as in Locatello et al. (2018), arXiv:1811.12359.

    Example:
        The codes are the factors.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import dci
        >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 2)
        >>> scores = dci(factors.astype(float), factors, np.arange(8) < 4)
        >>> [round(scores[part].value, 3) for part in ("disentanglement", "completeness", "informativeness")]
        [1.0, 1.0, 1.0]
    """
    return score_predictions(Observations.of(codes, factors, train, seed=seed), partial(_Trees, seed=seed))


class _Trees:
    """Boosted trees on the codes as they are, but for those of an unusual scale or place."""

    def __init__(self, values: Floats, seed: int) -> None:
        self.condition = Conditioning.of(values)
        self.data, self.seed = Sorted.of(self.condition(values)), seed
        self.seconds = STAGES * (_SECONDS_A_TREE + _SECONDS_A_VALUE * values.size)

    def fit_classes(self, labels: NDArray[np.int64]) -> Fitted:
        model = boost_classes(self.data, labels, seed=self.seed)
        return Fitted(model.importances, lambda values: model.classify(self.condition(values)))

    def fit_numbers(self, target: Floats) -> Fitted:
        model = boost_values(self.data, target, seed=self.seed)
        return Fitted(model.importances, lambda values: model.raw(self.condition(values))[:, 0])


def score_predictions(data: Observations, make: Callable[[Floats], Learner]) -> Scores:
    """Compute the components of DCI with any learner.

    Args:
        data: codes, factors and which rows to fit on.
        make: a learner for the codes' columns `(n, p)` on the train rows; see `predict_factors`.
    """
    if data.reason:
        return {component: Score.undefined(data.reason) for component in COMPONENTS}
    predictions = predict_factors(data, make)
    importances = np.stack([one.importances for one in predictions.values()], axis=1)
    names = (data.codes.names, data.factors.names)
    shared = {"importances": importances.tolist(), "codes": list(names[0]), "factors": list(names[1])}
    shared["constant_factors"] = list(data.constant)
    codes_each = _by_name(names[0], concentration(importances))
    factors_each = _by_name(names[1], concentration(importances.T))
    scores = {
        "disentanglement": _score(disentanglement(importances), "one factor", {"each": codes_each, **shared}),
        "completeness": _score(completeness(importances), "one code", {"each": factors_each, **shared}),
        **_informativeness(predictions),
    }
    drawn = Resampling(
        int((~data.train).sum()),
        "held-out rows",
        lambda weights: {"informativeness": float(np.mean([one.held_out(weights) for one in predictions.values()]))},
    )
    return with_resampling(scores, ("informativeness",), drawn)


def _score(value: float | None, otherwise: str, details: dict[str, Any]) -> Score:
    reason = "" if value is not None else f"there is only {otherwise}, or no code helps to predict a factor"
    return Score(value, reason=reason, details=details)


def _informativeness(predictions: dict[str, Prediction]) -> dict[str, Score]:
    scores = {}
    bounds = (0, 1) if all(one.by_class for one in predictions.values()) else (None, 1)
    for component, rows in (("informativeness", "test"), ("informativeness.train", "train")):
        each = {name: getattr(one, rows) for name, one in predictions.items()}
        value, in_sample = float(np.mean(list(each.values()))), rows == "train"
        scores[component] = Score(value, bounds=bounds, details={"each": each}, in_sample=in_sample)
    return scores


def _by_name(names: tuple[str, ...], values: Floats) -> dict[str, float | None]:
    return {name: float(value) if np.isfinite(value) else None for name, value in zip(names, values, strict=True)}
