"""Clustering accuracy: categories are matched to classes on one split and scored on the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from disentangle_bench.errors import MetricError, UnknownNameError
from disentangle_bench.latents import LatentSpec
from disentangle_bench.metrics.information.entropies import contingency_table, entropy
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.metrics.intervals import bootstrap_interval, share_interval
from disentangle_bench.metrics.metric import Bounds, Codes, Factors, Score, Scores, metric, pairing
from disentangle_bench.metrics.predictor.agreement import UNMATCHED, matched_share, one_to_one
from disentangle_bench.metrics.predictor.labeling import SHUFFLES, Labeling
from disentangle_bench.representation import Representation
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.representation.variables import Variables
from disentangle_bench.seeds import derive_seed

COMPONENTS = ("accuracy", "error", "many-to-one", "nmi", "ari", "homogeneity", "completeness", "categories-used")
RECURRENCE = 10
"""A column of no declared kind counts as categorical if its values occur this often on average."""
BOUNDS: Mapping[str, Bounds] = {"ari": (-0.5, 1), "categories-used": (1, None)}


@metric(
    "c1-accuracy",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1606.03657, section 7.2; one-to-one matching by Kuhn (1955)",
    code_kind="categorical",
    grows_with=("rows", "codes", "values"),
)
def c1_accuracy(
    codes: Codes,
    factors: Factors,
    train: ArrayLike,
    latents: LatentSpec | None = None,
    *,
    code: str | None = None,
    factor: str | None = None,
    bootstrap: int = 1000,
    seed: int = 0,
) -> Scores:
    """Unsupervised clustering accuracy (ACC): high when the categories of a code match the classes one to one.

    Categories are matched one-to-one to classes on the training split and scored on the test split. Labels name the
    categories and do nothing else. Categories that the training split leaves without a class count as wrong.

        ACC = 1/n Σ_i [match(c1_i) = class_i] over the test split
        match = the one-to-one matching with the most training samples

    Does not see: what distinguishes samples of one class, nor the other codes. Classes that share a category cost
    accuracy even where the category is pure of others; beside it, `many-to-one` gives each category its most frequent
    class.

    Chance is the mean over shuffles of the code within each split, matched anew; the ceiling is below 1 where there are
    fewer categories than classes.

    Args:
        codes: `(n, d)`, of which the categorical ones are tried.
        factors: `(n, k)`, of which one holds the classes, of any type.
        train: `(n,)` bool: the training split; the other rows are the test split.
        latents: declares how many categories a code has; without it, as many as occur.
        code: name of the code to score; by default the one with the highest one-to-one accuracy on the training split.
        factor: name of the factor to match; by default the first categorical one that varies.
        bootstrap: resamples of the test split for the intervals.
        seed: of the resamples and the shuffles.

    Returns:
        accuracy, error, many-to-one, nmi, homogeneity and completeness, all in [0, 1]; ari in [-0.5, 1]; and
        categories-used, a count. All are of the test split. The accuracy's details hold the confusion matrix
        (categories x classes), the matching, and the parts of each code.

    Raises:
        UnknownNameError: no such code or factor.
        RepresentationError: arrays of different lengths.
        MetricError: fewer than 2 resamples.

    References:
        Chen et al. (2016), arXiv:1606.03657, section 7.2; one-to-one matching by Kuhn (1955).

    Example:
        Three categories for four equally frequent classes, two of which share a category.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import c1_accuracy
        >>> digits = np.arange(40) % 4
        >>> scores = c1_accuracy(np.minimum(digits, 2), digits, np.arange(40) < 20)
        >>> scores["accuracy"].value, scores["accuracy"].ceiling
        (0.75, 0.75)
    """
    require_at_least(2, bootstrap=bootstrap)
    data = Representation.of(codes, factors, train)
    names = _discrete(data.codes, code, "code")
    classes = _discrete(data.factors, factor, "factor") if data.factors is not None else ()
    reason = _why_undefined(data, names, classes)
    if reason:
        return {component: Score.undefined(reason) for component in COMPONENTS}
    tried = [Labeling.of(data, name, classes[0]) for name in names]
    best = max(tried, key=lambda labeling: labeling.train_accuracy)
    declared = dict(zip(latents.names, latents.codes, strict=True)).get(best.code) if latents else None
    categories = max(len(best.categories), getattr(declared, "k", 0))
    scores = _scores(best, categories, bootstrap, seed)
    return scores | {"accuracy": replace(scores["accuracy"], details=_details(best, tried, categories))}


def clustering_accuracy(labels_true: ArrayLike, labels_pred: ArrayLike) -> float:
    """Compute the share of samples that agree under the best one-to-one matching of clusters to classes.

    Args:
        labels_true: `(n,)` classes, of any type.
        labels_pred: `(n,)` clusters, of any type; there may be more or fewer than classes.

    Returns:
        The accuracy in [0, 1]. It is matched and scored on the same samples; `c1_accuracy` keeps the two apart.

    Raises:
        MetricError: different lengths, or no samples.

    Example:
        >>> clustering_accuracy(["a", "a", "b", "b"], [1, 1, 0, 1])
        0.75
    """
    table = contingency_table(labels_pred, labels_true)
    if not table.size:
        raise MetricError("A clustering accuracy of no samples.", "Give at least one label and one cluster.")
    return float(matched_share(table, one_to_one(table)))


def _scores(best: Labeling, categories: int, bootstrap: int, seed: int) -> dict[str, Score]:
    values = best.values()
    resampled = best.resampled(bootstrap, np.random.default_rng(derive_seed(seed, "c1-accuracy", "bootstrap")))
    chance = best.chance(np.random.default_rng(derive_seed(seed, "c1-accuracy", "shuffle")))
    ceilings, contributions = best.ceilings(categories), best.contributions()
    samples = pairing(f"{best.factor} of the test split", best.classes[best.test_pairs[1]])
    scores = {}
    for name, value in values.items():
        low: float | None = None
        high: float | None = None
        if name in contributions:
            low, high = share_interval(value, resampled[name], best.test_pairs.shape[1])
        elif name != "categories-used":  # a resample can only lose categories
            low, high = bootstrap_interval(value, resampled[name], BOUNDS.get(name, (0, 1)))
        scores[name] = Score(
            value,
            low=low,
            high=high,
            chance=chance.get(name),
            ceiling=ceilings[name],
            samples=contributions.get(name),
            pairing=samples if name in contributions else "",
            better="lower" if name == "error" else None,
            bounds=BOUNDS.get(name),
        )
    return scores


def _details(best: Labeling, tried: list[Labeling], categories: int) -> dict[str, Any]:
    names = best.classes.tolist()
    used = best.test.sum(axis=1)
    return {
        "code": best.code,
        "factor": best.factor,
        "number_of_categories": categories,
        "effective_categories": float(np.exp(entropy(used))),
        "categories": best.categories.tolist(),
        "classes": names,
        "matching": [None if place == UNMATCHED else names[place] for place in best.matching],
        "majority": [None if place == UNMATCHED else names[place] for place in best.majority],
        "confusion": best.test.tolist(),
        "train_samples": int(best.train.sum()),
        "test_samples": int(best.test.sum()),
        "train_accuracy": best.train_accuracy,
        "codes": {labeling.code: labeling.values() for labeling in tried},
        "interval": "percentile bootstrap over test samples; Wilson's for shares of 0 or 1",
        "chance": f"mean of {SHUFFLES} shuffles of the code within each split, matched anew",
    }


def _discrete(variables: Variables, name: str | None, noun: str) -> tuple[str, ...]:
    """Return the variable of this name, or the categorical ones, or the ordinal ones, or those whose values recur."""
    if name is not None:
        if name not in variables.names:
            raise UnknownNameError(noun, name, variables.names)
        return (name,)
    declared = _varying(variables, "categorical") or _varying(variables, "ordinal")
    if declared:
        return declared
    counts = {column: len(np.unique(variables.column(column))) for column in variables.of_kind("continuous")}
    return tuple(column for column, count in counts.items() if 2 <= count <= len(variables) / RECURRENCE)


def _varying(variables: Variables, kind: Kind) -> tuple[str, ...]:
    """Return the variables of a kind that vary; all of that kind if none does."""
    names = variables.of_kind(kind)
    return tuple(name for name in names if len(np.unique(variables.column(name))) > 1) or names


def _why_undefined(data: Representation, codes: tuple[str, ...], factors: tuple[str, ...]) -> str:
    if data.factors is None:
        return "there are no factors, and so no classes to match categories with"
    if not codes:
        return f"no code is categorical ({_kinds(data.codes)}); if one holds categories, name it with code=NAME"
    if not factors:
        return f"no factor is categorical ({_kinds(data.factors)}); if one holds classes, name it with factor=NAME"
    if data.train is None or not data.train.any():
        return "the training split is empty, so categories cannot be matched to classes"
    return "the test split is empty, so there is nothing to score" if data.train.all() else ""


def _kinds(variables: Variables) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in Counter(variables.kinds).items())
