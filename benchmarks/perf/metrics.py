"""The metrics of codes and factors on dSprites-like factors, and SAP against scikit-learn in a plain loop."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import LinearSVC

from benchmarks.perf.timing import Row, Spread, ratios, report
from benchmarks.perf.training import Plan
from disentangle_bench.metrics import METRICS, info_of

SIZES = (3, 6, 40, 32, 32)
CODES = 10
MOST_SECONDS = 15
LEAST_SAP_RATIO = 2
LEFT_OUT = {
    "dci", "dci/lasso", "dci/forest", "dci/lightgbm", "dci-es", "downstream", "downstream/forest", "c1-accuracy",
    "beta-vae-score", "factor-vae-score", "z-diff", "z-min-variance",
}  # fmt: skip
PLAIN_SAP = "sap by LinearSVC in a loop"


def measure(plan: Plan) -> str:
    """The report, in Markdown."""
    parts = make_parts(plan.samples)
    contenders = {name: partial(METRICS.get(name), **wanted(name, parts)) for name in timed_metrics()}
    seconds = plan.interleave({**contenders, PLAIN_SAP: partial(plain_sap, **parts)})
    totals = [sum(turn) for turn in zip(*(seconds[name] for name in contenders), strict=True)]
    rows = [Row(f"seconds of {name}", Spread.of(values)) for name, values in seconds.items()]
    rows += [
        Row("seconds of all but the loop", Spread.of(totals), target=f"at most {MOST_SECONDS}"),
        Row(
            f"{PLAIN_SAP}, in times of ours",
            ratios(seconds[PLAIN_SAP], seconds["sap"]),
            target=f"at least {LEAST_SAP_RATIO}",
        ),
    ]
    return report(
        f"Metrics of {plan.samples:,} x {CODES} codes and factors of {SIZES} values, without DCI, downstream",
        rows,
    )


def timed_metrics() -> list[str]:
    """The metrics of codes and factors, less DCI, which has a target of its own, and what the peers do not time."""
    infos = [info_of(METRICS.get(name)) for name in METRICS]
    return [info.name for info in infos if info.resamplable and info.name not in LEFT_OUT]


def wanted(name: str, parts: dict[str, Any]) -> dict[str, Any]:
    """The parts that a metric asks for, or can make use of."""
    info = info_of(METRICS.get(name))
    return {part: parts[part] for part in (*info.needs, *info.uses) if part in parts}


def make_parts(samples: int) -> dict[str, Any]:
    """Codes that mix the factors, some of them more than others, with noise; two thirds of the rows for training."""
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, size, samples) for size in SIZES], axis=1)
    mixing = rng.standard_normal((len(SIZES), CODES)) * (rng.random((len(SIZES), CODES)) < 0.4)
    codes = (factors / SIZES - 0.5) @ mixing + 0.2 * rng.standard_normal((samples, CODES))
    return {"codes": codes, "factors": factors, "train": np.arange(samples) % 3 > 0}


def plain_sap(codes: NDArray[np.float64], factors: NDArray[np.int64], train: NDArray[np.bool_]) -> float:
    """SAP as disentanglement_lib has it: a `LinearSVC` a code and factor, one after the other."""
    scores = np.empty((codes.shape[1], factors.shape[1]))
    for i, code in enumerate(codes.T):
        for j, factor in enumerate(factors.T):
            machine = LinearSVC(C=0.01, class_weight="balanced").fit(code[train, None], factor[train])
            scores[i, j] = machine.score(code[~train, None], factor[~train])
    second, best = np.sort(scores, axis=0)[-2:]
    return float((best - second).mean())
