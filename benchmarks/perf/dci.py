"""DCI's boosted trees against scikit-learn's, called in a plain loop over factors, in one run."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier

from benchmarks.perf.timing import Row, Spread, ratios, report
from benchmarks.perf.training import Plan
from disentangle_bench.metrics.learners.boosting import boost_classes
from disentangle_bench.metrics.learners.sorted_columns import Sorted

LEAST_SPEED_UP, MOST_DIFFERENCE = 3, 1e-6
FACTORS = (3, 6, 40, 32, 32)
CODES, ROWS, TRAIN_SHARE = 10, 10_000, 2 / 3
MOST_ROUNDS = 3
Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def measure(plan: Plan) -> str:
    """The report, in Markdown. A turn has as many stages as the plan has steps; DCI has 100, each costs the same."""
    codes, factors = make_data(min(ROWS, plan.images))
    contenders = {
        "scikit-learn": partial(plain_loop, codes, factors, plan.steps),
        "ours": partial(our_loop, codes, factors, plan.steps),
    }
    seconds = plan.interleave(contenders, most_rounds=MOST_ROUNDS)
    plain, ours = (contender() for contender in contenders.values())
    difference = float(np.abs(plain - ours).max())
    speed_up = ratios(seconds["scikit-learn"], seconds["ours"])
    rows = [
        *(Row(f"seconds of {name}", Spread.of(values), ".2f") for name, values in seconds.items()),
        Row("scikit-learn's, in times ours", speed_up, ".2f", f"at least {LEAST_SPEED_UP}"),
        Row("greatest difference of importances", difference, ".1e", f"under {MOST_DIFFERENCE:.0e}"),
    ]
    title = f"DCI's trees, {len(codes):,} rows of {CODES} codes, factors of {FACTORS} values, {plan.steps} stages"
    return report(title, rows)


def make_data(rows: int) -> tuple[Floats, Indices]:
    """Train rows: factors of dSprites' sizes, and codes that know them with noise, each a little of the others."""
    rng = np.random.default_rng(0)
    train = round(rows * TRAIN_SHARE)
    factors = rng.integers(0, FACTORS, size=(train, len(FACTORS)))
    codes = rng.standard_normal((train, CODES))
    codes[:, : len(FACTORS)] += 6 * (factors / np.array(FACTORS) - 0.5)
    return codes @ (np.eye(CODES) + 0.1 * rng.standard_normal((CODES, CODES))), factors


def plain_loop(codes: Floats, factors: Indices, stages: int) -> Floats:
    """Importances `(d, k)` by scikit-learn, one factor after the other."""
    models = [GradientBoostingClassifier(n_estimators=stages, random_state=0).fit(codes, f) for f in factors.T]
    return np.stack([model.feature_importances_ for model in models], axis=1)


def our_loop(codes: Floats, factors: Indices, stages: int) -> Floats:
    """Importances `(d, k)` by our trees of the same seed, the sorting included."""
    data = Sorted.of(codes)
    labels = [np.unique(factor, return_inverse=True)[1] for factor in factors.T]
    return np.stack([boost_classes(data, label, stages=stages, seed=0).importances for label in labels], axis=1)
