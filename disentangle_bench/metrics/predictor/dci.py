"""DCI: disentanglement, completeness and informativeness, from the importance of each code for each factor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.metrics.inputs import Observations
from disentangle_bench.metrics.learners.boosting import boost_classes, boost_values
from disentangle_bench.metrics.learners.sorted_columns import Sorted
from disentangle_bench.metrics.metric import Codes, Factors, Score, Scores, metric
from disentangle_bench.metrics.predictor.importance import completeness, concentration, disentanglement
from disentangle_bench.metrics.predictor.prediction import Fitted, Learner, Prediction, predict_factors

PARTS = ("disentanglement", "completeness", "informativeness", "informativeness.train")
_USUAL = (1e-3, 1e6)
Floats = NDArray[np.float64]


@metric(
    "dci",
    version=2,
    bounds=(0, 1),
    better="higher",
    source="Eastwood and Williams (2018), section 2; boosted trees as in arXiv:1811.12359",
    slow=True,
    interval="held-out",
    seconds=45,
)
def dci(codes: Codes, factors: Factors, train: ArrayLike | None = None, *, seed: int = 0) -> Scores:
    """Does each code matter to one factor, is each factor in one code, and how much do the codes know of it?

    For each factor, gradient boosted trees (scikit-learn's defaults: 100 stages of depth 3) are fitted on the train
    rows. The importance of a code is its share of what the splits took off the squared error.

    Disentanglement: one minus the entropy of a code's importances over the factors, base k; the mean over codes,
    weighted by their importance. Completeness: likewise over the codes of each factor, base d. Informativeness: the
    mean accuracy on the rows that were not fitted on. Noise scores little, but not 0, and near-copies of a
    code cost completeness.

    A code of no importance, such as a constant one, has no disentanglement and no weight; disentanglement_lib adds
    1e-11 to all importances, which moves the figures by less than 1e-9. With one factor there is no disentanglement,
    with one code no completeness.

    The trees are those of scikit-learn's `GradientBoostingClassifier(random_state=seed)`, split by split, but for codes
    of an unusual scale, which are scaled; where codes are many and continuous, they take a third of its time or less.
    (In version 1 they were others where splits are equally good.) disentanglement_lib sets no `random_state`, so its
    figures move by what chance makes of equally good splits.

    Args:
        codes: `(n, d)`; a categorical one is split by indicators, whose importances are summed.
        factors: `(n, k)`; categorical, ordinal and whole-numbered cyclic ones are classified. Of continuous ones and
            of cosine and sine of other cyclic ones the trees predict the numbers, and R² stands for the accuracy.
        train: `(n,)` bool: the rows to fit on; without it two thirds of the rows are drawn.
        seed: of that draw, and of the choice between equally good splits: scikit-learn's `random_state`.

    Returns:
        disentanglement, completeness, informativeness, and informativeness.train on the rows that were fitted on. The
        details hold the importances `(d, k)` and the figure of each code and each factor.
    """
    return score_predictions(Observations.of(codes, factors, train, seed=seed), partial(_Trees, seed=seed))


class _Trees:
    """Boosted trees on the codes as they are.

    Trees see float32, and values closer than 1e-7 as equal; so a code of an unusual scale is multiplied by a power of
    two, which moves no split otherwise.
    """

    def __init__(self, values: Floats, seed: int) -> None:
        spread = values.std(axis=0)
        unusual = (spread > 0) & ((spread < _USUAL[0]) | (spread > _USUAL[1]))
        self.scale = np.exp2(-np.round(np.log2(np.where(unusual, spread, 1))))
        self.data, self.seed = Sorted.of(values * self.scale), seed

    def fit_classes(self, labels: NDArray[np.int64]) -> Fitted:
        model = boost_classes(self.data, labels, seed=self.seed)
        return Fitted(model.importances, lambda values: model.classify(values * self.scale))

    def fit_numbers(self, target: Floats) -> Fitted:
        model = boost_values(self.data, target, seed=self.seed)
        return Fitted(model.importances, lambda values: model.raw(values * self.scale)[:, 0])


def score_predictions(data: Observations, make: Callable[[Floats], Learner]) -> Scores:
    """The parts of DCI by some learner; see `predict_factors`."""
    if data.reason:
        return {part: Score.undefined(data.reason) for part in PARTS}
    predictions = predict_factors(data, make)
    importances = np.stack([one.importances for one in predictions.values()], axis=1)
    names = (data.codes.names, data.factors.names)
    shared = {"importances": importances.tolist(), "codes": list(names[0]), "factors": list(names[1])}
    shared["constant_factors"] = list(data.constant)
    codes_each, factors_each = (
        _by_name(names[0], concentration(importances)),
        _by_name(names[1], concentration(importances.T)),
    )
    return {
        "disentanglement": _score(disentanglement(importances), "one factor", {"each": codes_each, **shared}),
        "completeness": _score(completeness(importances), "one code", {"each": factors_each, **shared}),
        **_informativeness(predictions),
    }


def _score(value: float | None, otherwise: str, details: dict[str, Any]) -> Score:
    reason = "" if value is not None else f"there is {otherwise} alone, or no code is of any use to predict a factor"
    return Score(value, reason=reason, details=details)


def _informativeness(predictions: dict[str, Prediction]) -> dict[str, Score]:
    scores = {}
    bounds = (0, 1) if all(one.by_class for one in predictions.values()) else (None, 1)
    for part, row in (("informativeness", "test"), ("informativeness.train", "train")):
        each = {name: getattr(one, row) for name, one in predictions.items()}
        scores[part] = Score(float(np.mean(list(each.values()))), bounds=bounds, details={"each": each})
    return scores


def _by_name(names: tuple[str, ...], figures: Floats) -> dict[str, float | None]:
    return {name: float(figure) if np.isfinite(figure) else None for name, figure in zip(names, figures, strict=True)}
