"""Which metrics are compared, by which protocol and on which codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from benchmarks.peers.cases import CASES, MODELS, Arrays, Grid
from disentangle_bench.metrics import METRICS, Score, Scores

Kind = Literal["exact", "fitted", "sampled"]
Ours = Callable[[Arrays, int], Mapping[str, float | None]]
ROWS = 1_500
TOGETHER = "six models"
FEW_FACTORS = 3
"""For DCI: the time of boosted trees grows with the number of classes."""


@dataclass(frozen=True)
class Comparison:
    """One metric of both programs.

    Attributes:
        label: its name in the table, with settings that are not the default.
        question, settings: the metric and its settings for the peer.
        ours: computes our scores, by the peer's names.
        kind: exact (in closed form), fitted (by a learner on the same rows), or sampled (different with each seed, by
            what is drawn or by which of equally good splits a tree takes).
        on: the whole grid, or a sample of its rows.
        turns: at most this many, where one takes long.
        factors: the first factors of the grid; all by default.
    """

    label: str
    question: str
    ours: Ours
    kind: Kind = "exact"
    on: Literal["grid", "rows"] = "rows"
    settings: Mapping[str, Any] = field(default_factory=dict)
    cases: tuple[str, ...] = CASES
    turns: int | None = None
    factors: int | None = None

    def arrays(self, grid: Grid, case: str) -> Arrays:
        codes = CASES[0] if case == TOGETHER else case  # models have codes of their own
        return grid.arrays(codes, None if self.on == "grid" else ROWS, self.factors)


def of_codes(metric: str, names: Mapping[str, str] | None = None, **settings: Any) -> Ours:
    """Our metric of codes and factors; `names` are its components and what the peer calls them."""

    def ours(arrays: Arrays, seed: int) -> dict[str, float | None]:
        function = METRICS.get(metric)
        info = function.info  # type: ignore[attr-defined]
        parts = {part: getattr(arrays, part) for part in (*info.needs, *info.uses) if hasattr(arrays, part)}
        drawn = {"seed": seed} if "seed" in info.settings else {}
        return _values(metric, function(**parts, **drawn, **settings), names)

    return ours


def of_standardized(metric: str, names: Mapping[str, str]) -> Ours:
    """The same for codes with mean 0 and variance 1 over the training rows."""
    plain = of_codes(metric, names)

    def ours(arrays: Arrays, seed: int) -> Mapping[str, float | None]:
        fitted = arrays.codes[arrays.train]
        spread = fitted.std(axis=0)
        codes = (arrays.codes - fitted.mean(axis=0)) / np.where(spread > 0, spread, 1)
        return plain(Arrays(codes, arrays.factors, arrays.train, arrays.models), seed)

    return ours


def of_models(metric: str) -> Ours:
    """Our metric of several models."""

    def ours(arrays: Arrays, seed: int) -> dict[str, float | None]:
        return _values(metric, METRICS.get(metric)(dict(zip(MODELS, arrays.models, strict=True))), None)

    return ours


def unsupervised(arrays: Arrays, seed: int) -> dict[str, float | None]:
    """The metrics that the peers compute in one call."""
    wasserstein = {"distance": "gaussian-wasserstein-correlation"}
    wasserstein["normalized"] = f"{wasserstein['distance']}.normalized"
    return {
        **of_codes("gaussian-total-correlation")(arrays, seed),
        **of_codes("gaussian-wasserstein-correlation", wasserstein)(arrays, seed),
        **of_codes("average-pairwise-information")(arrays, seed),
    }


def _values(metric: str, scores: Scores, names: Mapping[str, str] | None) -> dict[str, float | None]:
    if isinstance(scores, Score):
        return {metric: scores.value}
    if names is None:
        return {f"{metric}.{part}": score.value for part, score in scores.items()}
    return {theirs: scores[part].value for part, theirs in names.items()}


EXPLICITNESS = {"train": "explicitness.train", "test": "explicitness.test"}
DCI = {
    "disentanglement": "dci.disentanglement",
    "completeness": "dci.completeness",
    "informativeness": "dci.informativeness_test",
    "informativeness.train": "dci.informativeness_train",
}
DOWNSTREAM = {f"accuracy.{size}": f"downstream.accuracy.{size}" for size in (100, 1_000)}
ALIVE = tuple(case for case in CASES if case != "dead")

MIG = Comparison("mig", "mig", of_codes("mig"))
SAP = Comparison("sap", "sap", of_codes("sap"), "fitted", settings={"continuous": False})
SAP_REGRESSION = Comparison("sap/regression", "sap", of_codes("sap/regression"), settings={"continuous": True})
DCI_TREES = Comparison(
    "dci", "dci", of_codes("dci", DCI), "sampled", cases=("leaky", "rotated"), turns=5, factors=FEW_FACTORS
)
UNSUPERVISED = Comparison("unsupervised", "unsupervised", unsupervised, cases=ALIVE)

COMPARISONS: Mapping[str, tuple[Comparison, ...]] = {
    "disentanglement-lib": (
        MIG,
        Comparison("modularity", "modularity", of_codes("modularity")),
        Comparison("irs", "irs", of_codes("irs")),
        SAP_REGRESSION,
        SAP,
        Comparison("explicitness", "explicitness", of_codes("explicitness", EXPLICITNESS), "fitted", cases=("leaky",)),
        Comparison(
            "explicitness, codes standardized first",
            "explicitness",
            of_standardized("explicitness", EXPLICITNESS),
            "fitted",
            cases=ALIVE,
        ),
        DCI_TREES,
        UNSUPERVISED,
        *(
            Comparison(
                f"udr/{likeness}",
                "udr",
                of_models(f"udr/{likeness}"),
                settings={"likeness": likeness, "names": MODELS},
                cases=(TOGETHER,),
            )
            for likeness in ("lasso", "spearman")
        ),
        Comparison("beta-vae-score", "beta-vae-score", of_codes("beta-vae-score"), "sampled", "grid"),
        Comparison(
            "factor-vae-score", "factor-vae-score", of_codes("factor-vae-score"), "sampled", "grid", {"threshold": 0.05}
        ),
        Comparison(
            "factor-vae-score, theirs unconfigured",
            "factor-vae-score",
            of_codes("factor-vae-score"),
            "sampled",
            "grid",
            {"threshold": 0.0},
            cases=("dead",),
        ),
        Comparison(
            "downstream",
            "downstream",
            of_codes("downstream", DOWNSTREAM),
            "sampled",
            "grid",
            {"learner": "logistic_regression_cv"},
            cases=("leaky",),
        ),
    ),
    "disent": (
        MIG,
        SAP_REGRESSION,
        SAP,
        DCI_TREES,
        UNSUPERVISED,
        Comparison("factor-vae-score", "factor-vae-score", of_codes("factor-vae-score"), "sampled", "grid"),
    ),
    "review": (
        Comparison("z-diff", "z-diff", of_codes("z-diff"), "sampled", "grid"),
        Comparison("z-min-variance", "z-min-variance", of_codes("z-min-variance"), "sampled", "grid"),
    ),
}
