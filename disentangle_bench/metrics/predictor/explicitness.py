"""Explicitness: how well all codes together rank the samples of each class above the others, linearly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression

from disentangle_bench.metrics.conditioning import within_reach
from disentangle_bench.metrics.encoding import numeric_columns
from disentangle_bench.metrics.information.entropies import discretize
from disentangle_bench.metrics.inputs import Observations, varies
from disentangle_bench.metrics.learners.fitting import fit_quietly
from disentangle_bench.metrics.metric import Codes, Factors, Score, Scores, metric, values_of, with_resampling
from disentangle_bench.metrics.predictor.areas import drawn_area, mean_area
from disentangle_bench.metrics.resampling import Resampling, Weights

COMPONENTS = ("test", "train", "rescaled")
Floats = NDArray[np.float64]


@metric(
    "explicitness",
    version=2,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1802.05312, section 3; protocol of arXiv:1811.12359; rescaled as in arXiv:2012.09276",
    scale_invariant=False,
    interval="held-out",
    seconds=0.5,
    factorwise=COMPONENTS,
    groups=True,
)
def explicitness(
    codes: Codes, factors: Factors, train: ArrayLike | None = None, *, num_bins: int = 20, seed: int = 0
) -> Scores:
    """Explicitness: high when a linear classifier of all codes ranks the samples of each class above all others.

    For each factor a logistic regression is fitted on the train rows, on the codes as they are (C = 1, at most 100
    steps of L-BFGS). The area under the ROC curve of each class against the rest, which is how often a sample of the
    class is ranked above another one, is averaged over the classes of a factor and then over the factors.

        explicitness = 1/k Σ_j mean over classes u of  P[p(u given c) > p(u given c')],  c of class u, c' of another
        rescaled     = 2 explicitness - 1

    Does not see: disentanglement; a rotation of the codes hardly changes it. It is generous: an area of 0.9 goes with
    many wrong answers where classes are many.

    The penalty, and the limit of steps, make it depend on the scale of the codes. disentanglement_lib uses the same
    classifier on codes that are standardized by the train rows: to get its value, standardize them first.

    The ceiling is 1, whatever the factors: a code that is its factor, on a scale on which the penalty does not count,
    ranks every class perfectly, those in the middle too, by `ln p(u given c) = s (u c - u² / 2) + const`, and so do the
    indicators of the classes. On another scale the same code gets less: numbers from 0 to 39 about 0.85, standardized
    0.93. Rotated or standardized codes may therefore score higher than the numbers themselves.

    Args:
        codes: `(n, d)`; a categorical code counts as indicators, a cyclic one as cosine and sine.
        factors: `(n, k)`; continuous ones are cut into equal-width bins. Factors that are constant, or are so on the
            train rows, are left out, as are classes that the scored rows lack.
        train: `(n,)` bool, the rows to fit on; by default a random two thirds.
        num_bins: bins of a continuous factor, and of angles.
        seed: of that draw.

    Returns:
        test, the mean area in [0, 1] on the rows that were not fitted on, 0.5 for guessing; train, the same on the rows
        that were; and rescaled in [-1, 1], 0 for guessing. The details of the first hold the area of each factor.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a mask that leaves no
            rows to fit on or to score; fewer than 2 bins.

    References:
        Ridgeway and Mozer (2018), arXiv:1802.05312, section 3; protocol of Locatello et al. (2018), arXiv:1811.12359;
        rescaled as by Carbonneau et al. (2020), arXiv:2012.09276.

    Example:
        The codes are the factors.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import explicitness
        >>> factors = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 2)
        >>> scores = explicitness(factors, factors, np.arange(8) < 4)
        >>> scores["test"].value, scores["rescaled"].value
        (1.0, 1.0)
    """
    data = Observations.of(codes, factors, train, seed=seed)
    labels = discretize(data.factors, num_bins)
    usable = [place for place, column in enumerate(labels.T) if varies(column[data.train])]
    reason = data.reason or ("" if usable else f"no factor varies on the train rows: {', '.join(data.factors.names)}")
    if reason:
        return {component: Score.undefined(reason) for component in COMPONENTS}
    values = numeric_columns(data.codes).values
    values = values * within_reach(values)
    areas = {data.factors.names[place]: _Areas.of(values, labels[:, place], data.train) for place in usable}
    left_out = [name for name in data.factors.names if name not in areas]
    test = _mean({name: area.test for name, area in areas.items()}, [*data.constant, *left_out])
    scores = {
        "test": test,
        "train": replace(_mean({name: area.train for name, area in areas.items()}, []), in_sample=True),
        "rescaled": _rescaled(test),
    }

    def drawn(weights: Weights) -> dict[str, float]:
        test = _mean({name: area.drawn(weights) for name, area in areas.items()}, [])
        return values_of({"test": test, "rescaled": _rescaled(test)})

    return with_resampling(scores, ("test", "rescaled"), Resampling(int((~data.train).sum()), "held-out rows", drawn))


class _Areas(NamedTuple):
    test: float | None
    train: float | None
    drawn: Callable[[Weights], float | None]

    @classmethod
    def of(cls, values: Floats, labels: NDArray[np.int64], train: NDArray[np.bool_]) -> _Areas:
        model = fit_quietly(LogisticRegression(), values[train], labels[train])
        test, fitted = ((model.predict_proba(values[rows]), labels[rows], model.classes_) for rows in (~train, train))
        return cls(mean_area(*test), mean_area(*fitted), drawn_area(*test))


def _mean(areas: dict[str, float | None], left_out: list[str]) -> Score:
    defined = [area for area in areas.values() if area is not None]
    if not defined:
        return Score.undefined(f"no factor varies on the scored rows: {', '.join(areas)}")
    return Score(float(np.mean(defined)), ceiling=1.0, details={"areas": areas, "constant_factors": left_out})


def _rescaled(test: Score) -> Score:
    if test.value is None:
        return test
    return Score(2 * test.value - 1, bounds=(-1, 1), ceiling=1.0)
