"""DCI with other learners: the lasso and the random forests of the original paper, and LightGBM."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LassoCV

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.conditioning import Conditioning
from disentangle_bench.metrics.inputs import Observations, require_at_least
from disentangle_bench.metrics.learners.fitting import fit_quietly
from disentangle_bench.metrics.metric import Codes, Factors, Scores, metric
from disentangle_bench.metrics.predictor.dci import FACTORWISE, score_predictions
from disentangle_bench.metrics.predictor.prediction import Fitted

FOLDS, PENALTIES = 5, 30
_LEAST_PENALTY = 1e-6
_SECONDS_A_MODEL, _SECONDS_A_VALUE = 0.06, 1.3e-6
"""Of LightGBM, for a class or a number."""
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
    factorwise=FACTORWISE,
    groups=True,
)
def dci_by_lasso(codes: Codes, factors: Factors, train: ArrayLike | None = None, *, seed: int = 0) -> Scores:
    """DCI by lasso: high when each code matters to one factor, each factor needs one code and is predicted linearly.

    The learner of the original paper. Codes and targets are standardized on the train rows. Of 30 penalties, down to a
    thousandth of the smallest one that drops every code, five-fold cross-validation on the train rows chooses the one
    of the least squared error. D, C and I are those of `dci`, from other importances:

        R_ij = |w_ij|,  summed over the classes of factor j,    w = argmin ||y - X w||² / 2n + alpha ||w||_1

    Does not see: what is not linear in the codes. A class is predicted as a number: one lasso per class for its
    indicator, the greatest prediction wins. For a scalar code of many classes the middle ones are not linear, so
    informativeness is low; declare factors whose values are numbers as continuous. From noise it may keep a single
    code, which looks disentangled.

    Args:
        codes: `(n, d)`; a categorical code counts as its indicators, whose importances are summed.
        factors: `(n, k)` of any kinds, treated as in `dci`.
        train: `(n,)` bool, the rows to fit on; by default a random two thirds.
        seed: of that draw, and of the folds.

    Returns:
        The components and details of `dci`.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a mask that leaves no
            rows to fit on or to score.

    References:
        Eastwood and Williams (2018), A Framework for the Quantitative Evaluation of Disentangled Representations,
        section 3.

    Example:
        The codes are the factors.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import dci_by_lasso
        >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 6)
        >>> scores = dci_by_lasso(factors.astype(float), factors, np.arange(24) < 12)
        >>> [round(scores[part].value, 3) for part in ("disentanglement", "completeness", "informativeness")]
        [1.0, 1.0, 1.0]
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
    factorwise=FACTORWISE,
    groups=True,
)
def dci_by_forest(
    codes: Codes, factors: Factors, train: ArrayLike | None = None, *, trees: int = 100, seed: int = 0
) -> Scores:
    """DCI by random forests: high when each code matters to one factor, each factor needs one code and is predicted.

    The other learner of the original paper: scikit-learn's forests of fully grown trees, faster than boosting where
    classes are many. D, C and I are those of `dci`, from other importances:

        R_ij = share of code i in the decrease of impurity over all splits of the forest for factor j

    Does not see: that a code is of no use. A tree that considers a few codes per split gives some importance to every
    code, so disentanglement and completeness are lower than by boosting.

    Args:
        codes: `(n, d)`; a categorical code is split by its indicators, whose importances are summed.
        factors: `(n, k)` of any kinds, treated as in `dci`.
        train: `(n,)` bool, the rows to fit on; by default a random two thirds.
        trees: trees in each forest.
        seed: of that draw, and of the forests.

    Returns:
        The components and details of `dci`.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a mask that leaves no
            rows to fit on or to score; no trees.

    References:
        Eastwood and Williams (2018), A Framework for the Quantitative Evaluation of Disentangled Representations,
        section 3; forests of Breiman (2001).

    Example:
        The codes are the factors, and still some importance goes to the other code.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import dci_by_forest
        >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 6)
        >>> scores = dci_by_forest(factors.astype(float), factors, np.arange(24) < 12, trees=10)
        >>> scores["informativeness"].value, scores["disentanglement"].value < 1
        (1.0, True)
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
    seconds=20,
    factorwise=FACTORWISE,
    groups=True,
)
def dci_by_lightgbm(codes: Codes, factors: Factors, train: ArrayLike | None = None, *, seed: int = 0) -> Scores:
    """DCI by LightGBM: high when each code matters to one factor, each factor needs one code and is predicted.

    LightGBM's boosted trees with its defaults, 100 stages of 31 leaves on values sorted into 255 bins: for data that
    are too large for `dci`. They are deeper than those of `dci`, so the values differ. D, C and I are those of `dci`,
    from other importances:

        R_ij = share of code i in the gain of all splits for factor j

    Does not see: what `dci` does not see. It needs the extra `lightgbm`.

    Args:
        codes: `(n, d)`; a categorical code is split by its indicators, whose importances are summed.
        factors: `(n, k)` of any kinds, treated as in `dci`.
        train: `(n,)` bool, the rows to fit on; by default a random two thirds.
        seed: of that draw.

    Returns:
        The components and details of `dci`.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a mask that leaves no
            rows to fit on or to score; LightGBM is not installed.

    References:
        Eastwood and Williams (2018), A Framework for the Quantitative Evaluation of Disentangled Representations,
        section 2; trees of Ke et al. (2017).

    Example:
        The codes are the factors.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import dci_by_lightgbm
        >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 40)
        >>> scores = dci_by_lightgbm(factors, factors, np.arange(160) < 120)
        >>> [round(scores[part].value, 3) for part in ("disentanglement", "completeness", "informativeness")]
        [1.0, 1.0, 1.0]
    """
    try:
        import lightgbm
    except ImportError as error:
        raise MetricError(
            "dci/lightgbm needs LightGBM, which is not installed.",
            "Install it with `pip install 'disentangle-bench[lightgbm]'`.",
        ) from error
    # One thread: where processors are busy, LightGBM's threads wait for each other far longer than they compute.
    settings: dict[str, Any] = {"importance_type": "gain", "verbose": -1, "deterministic": True, "n_jobs": 1}
    make = partial(
        _Ensemble,
        classifier=lightgbm.LGBMClassifier(**settings, force_row_wise=True),
        regressor=lightgbm.LGBMRegressor(**settings, force_row_wise=True),
        seconds=(_SECONDS_A_MODEL, _SECONDS_A_VALUE),
    )
    return score_predictions(Observations.of(codes, factors, train, seed=seed), make)


class _Ensemble:
    """Trees with the interface of scikit-learn."""

    def __init__(self, values: Floats, classifier: Any, regressor: Any, seconds: tuple[float, float] = (0, 0)) -> None:
        self.condition = Conditioning.of(values)
        self.seconds = seconds[0] + seconds[1] * values.size
        self.values, self.classifier, self.regressor = self.condition(values), classifier, regressor

    def fit_classes(self, labels: Indices) -> Fitted:
        return self._fit(self.classifier, labels)

    def fit_numbers(self, target: Floats) -> Fitted:
        return self._fit(self.regressor, target)

    def _fit(self, model: Any, target: NDArray[Any]) -> Fitted:
        model.fit(self.values, target)
        gains = np.asarray(model.feature_importances_, dtype=np.float64)
        shares = gains / gains.sum() if gains.sum() > 0 else gains
        return Fitted(shares, lambda values: model.predict(self.condition(values)))


class _Lasso:
    """Lassos on standardized columns, with the penalty of the least cross-validated error."""

    seconds = 0.0

    def __init__(self, values: Floats, seed: int) -> None:
        self.condition = Conditioning.of(values)
        conditioned = self.condition(values)
        self.mean, spread = conditioned.mean(axis=0), conditioned.std(axis=0)
        self.spread = np.where(spread > 0, spread, 1)
        self.order = np.random.default_rng(seed).permutation(len(values))
        self.values = self._standardize(values)[self.order]

    def fit_classes(self, labels: Indices) -> Fitted:
        lines = [self._line(np.asarray(labels == label, dtype=np.float64)) for label in np.unique(labels)]
        slopes, offsets = np.stack([slope for slope, _ in lines]), np.array([offset for _, offset in lines])
        return Fitted(
            np.abs(slopes).sum(axis=0), lambda values: (self._standardize(values) @ slopes.T + offsets).argmax(axis=1)
        )

    def fit_numbers(self, target: Floats) -> Fitted:
        slope, offset = self._line(target)
        return Fitted(np.abs(slope) / target.std(), lambda values: self._standardize(values) @ slope + offset)

    def _standardize(self, values: Floats) -> Floats:
        return np.asarray((self.condition(values) - self.mean) / self.spread)

    def _line(self, target: Floats) -> tuple[Floats, float]:
        """Return slopes `(p,)` and offset in units of the target; the penalty applies to a target of unit variance."""
        scale = float(target.std())
        folds = min(FOLDS, len(target))
        if folds < 2 or scale == 0:
            return np.zeros(self.values.shape[1]), float(target.mean())
        scaled = (target[self.order] - target.mean()) / scale
        greatest = max(float(np.abs(self.values.T @ scaled).max()) / len(scaled), _LEAST_PENALTY)  # drops every column
        penalties = np.geomspace(greatest, greatest / 1000, PENALTIES)
        # Penalties that do not converge are the small ones, which are not chosen.
        model = fit_quietly(LassoCV(alphas=penalties, cv=folds, random_state=0), self.values, scaled)
        return np.asarray(model.coef_ * scale), float(model.intercept_ * scale + target.mean())
