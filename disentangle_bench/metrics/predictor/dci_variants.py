"""DCI by other learners: the original paper's lasso, random forests, and LightGBM's trees."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoCV

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.inputs import Observations, require_at_least
from disentangle_bench.metrics.metric import Codes, Factors, Scores, metric
from disentangle_bench.metrics.predictor.dci import score_predictions
from disentangle_bench.metrics.predictor.prediction import Fitted

FOLDS, PENALTIES = 5, 30
_LEAST_PENALTY = 1e-6
Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@metric(
    "dci/lasso",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="Eastwood and Williams (2018), section 3",
    slow=True,
    default=False,
    interval="held-out",
    seconds=60,
)
def dci_by_lasso(codes: Codes, factors: Factors, train: ArrayLike | None = None, *, seed: int = 0) -> Scores:
    """DCI by the lasso of the original paper: sees what is linear in the codes, and leaves out codes of no use.

    Codes and targets are standardised on the train rows. The penalty is that of 30, down to a thousandth of the least
    that leaves out every code, which has the least squared error in five-fold cross-validation on the train rows. The
    importance of a code is the size of its coefficients.

    A class is predicted as the paper does numbers: one lasso per class for its indicator, the greatest prediction
    wins, and a code's importance is the sum over classes. With a scalar code for many classes those in the middle are
    linear in nothing, so informativeness is low; declare factors whose values are numbers as continuous. Of noise it
    may keep one code that happens to help, which looks disentangled.

    Args:
        codes: `(n, d)`; a categorical one counts as its indicators, whose importances are summed.
        factors: `(n, k)`; see `dci` for what is done with each kind.
        train: `(n,)` bool: the rows to fit on; without it two thirds of the rows are drawn.
        seed: of that draw, and of the folds.

    Returns:
        The parts and details of `dci`.
    """
    return score_predictions(Observations.of(codes, factors, train, seed=seed), partial(_Lasso, seed=seed))


@metric(
    "dci/forest",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="Eastwood and Williams (2018), section 3; forests of Breiman (2001)",
    slow=True,
    default=False,
    interval="held-out",
    seconds=15,
)
def dci_by_forest(
    codes: Codes, factors: Factors, train: ArrayLike | None = None, *, trees: int = 100, seed: int = 0
) -> Scores:
    """DCI by random forests, the other learner of the original paper: quicker than boosting where classes are many.

    scikit-learn's forests of fully grown trees; the importance of a code is its share of the drop in impurity. A tree
    that looks at a few codes at a time gives some importance to codes that are of no use, so disentanglement and
    completeness come out lower than by boosting.

    Args:
        codes: `(n, d)`; a categorical one is split by indicators, whose importances are summed.
        factors: `(n, k)`; see `dci` for what is done with each kind.
        train: `(n,)` bool: the rows to fit on; without it two thirds of the rows are drawn.
        trees: in each forest.
        seed: of that draw, and of the forests.

    Returns:
        The parts and details of `dci`.
    """
    require_at_least(1, trees=trees)
    settings = {"n_estimators": trees, "random_state": seed % 2**32}
    make = partial(
        _Ensemble, classifier=RandomForestClassifier(**settings), regressor=RandomForestRegressor(**settings)
    )
    return score_predictions(Observations.of(codes, factors, train, seed=seed), make)


@metric(
    "dci/lightgbm",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="Eastwood and Williams (2018), section 2; trees of Ke et al. (2017)",
    slow=True,
    default=False,
    interval="held-out",
    seconds=200,
)
def dci_by_lightgbm(codes: Codes, factors: Factors, train: ArrayLike | None = None, *, seed: int = 0) -> Scores:
    """DCI by LightGBM's boosted trees, which sort values into 255 bins: for data that are too much for `dci`.

    Its defaults: 100 stages of 31 leaves. The importance of a code is its share of the gain of all splits. The trees
    are deeper than those of `dci`, so the figures are not the same. Needs the extra `lightgbm`.

    Args:
        codes: `(n, d)`; a categorical one is split by indicators, whose importances are summed.
        factors: `(n, k)`; see `dci` for what is done with each kind.
        train: `(n,)` bool: the rows to fit on; without it two thirds of the rows are drawn.
        seed: of that draw.

    Returns:
        The parts and details of `dci`.

    Raises:
        MetricError: LightGBM is not installed.
    """
    lightgbm = _import_lightgbm()
    settings = {"importance_type": "gain", "verbose": -1, "deterministic": True, "force_row_wise": True}
    make = partial(
        _Ensemble, classifier=lightgbm.LGBMClassifier(**settings), regressor=lightgbm.LGBMRegressor(**settings)
    )
    return score_predictions(Observations.of(codes, factors, train, seed=seed), make)


def _import_lightgbm() -> Any:
    try:
        import lightgbm
    except ImportError as error:
        raise MetricError(
            "dci/lightgbm needs LightGBM, which is not installed.",
            "`pip install 'disentangle-bench[lightgbm]'` brings it.",
        ) from error
    return lightgbm


class _Ensemble:
    """Trees of scikit-learn's interface."""

    def __init__(self, values: Floats, classifier: Any, regressor: Any) -> None:
        self.values, self.classifier, self.regressor = values, classifier, regressor

    def fit_classes(self, labels: Indices) -> Fitted:
        return self._fit(self.classifier, labels)

    def fit_numbers(self, target: Floats) -> Fitted:
        return self._fit(self.regressor, target)

    def _fit(self, model: Any, target: NDArray[Any]) -> Fitted:
        model.fit(self.values, target)
        gains = np.asarray(model.feature_importances_, dtype=np.float64)
        return Fitted(gains / gains.sum() if gains.sum() > 0 else gains, model.predict)


class _Lasso:
    """Lassos on standardised columns, with the penalty of the least cross-validated error."""

    def __init__(self, values: Floats, seed: int) -> None:
        self.mean, spread = values.mean(axis=0), values.std(axis=0)
        self.spread = np.where(spread > 0, spread, 1)
        self.order = np.random.default_rng(seed).permutation(len(values))
        self.values = self._standardise(values)[self.order]

    def fit_classes(self, labels: Indices) -> Fitted:
        lines = [self._line(np.asarray(labels == label, dtype=np.float64)) for label in np.unique(labels)]
        slopes, offsets = np.stack([slope for slope, _ in lines]), np.array([offset for _, offset in lines])
        return Fitted(
            np.abs(slopes).sum(axis=0), lambda values: (self._standardise(values) @ slopes.T + offsets).argmax(axis=1)
        )

    def fit_numbers(self, target: Floats) -> Fitted:
        slope, offset = self._line(target)
        return Fitted(np.abs(slope) / target.std(), lambda values: self._standardise(values) @ slope + offset)

    def _standardise(self, values: Floats) -> Floats:
        return np.asarray((values - self.mean) / self.spread)

    def _line(self, target: Floats) -> tuple[Floats, float]:
        """Slopes `(p,)` and the offset, in units of the target; the penalty counts on a target of unit spread."""
        scale = float(target.std())
        folds = min(FOLDS, len(target))
        if folds < 2 or scale == 0:
            return np.zeros(self.values.shape[1]), float(target.mean())
        scaled = (target[self.order] - target.mean()) / scale
        with warnings.catch_warnings():  # a penalty that is hard to fit is not the one that is chosen
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = LassoCV(alphas=self._penalties(scaled), cv=folds, random_state=0).fit(self.values, scaled)
        return np.asarray(model.coef_ * scale), float(model.intercept_ * scale + target.mean())

    def _penalties(self, target: Floats) -> Floats:
        """From the least that leaves out every column down to a thousandth of it."""
        greatest = max(float(np.abs(self.values.T @ target).max()) / len(target), _LEAST_PENALTY)
        return np.geomspace(greatest, greatest / 1000, PENALTIES)
