"""Clustering accuracy: categories are matched to classes on one split and scored on the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import random_table

from disentangle_bench.errors import MetricError, UnknownNameError
from disentangle_bench.latents import LatentSpec
from disentangle_bench.metrics.information.entropies import contingency_table, count_pairs, entropy
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.metrics.intervals import bootstrap_interval, resampled_tables, share_interval
from disentangle_bench.metrics.metric import Bounds, Codes, Factors, Score, Scores, metric, pairing
from disentangle_bench.metrics.predictor.agreement import (
    UNMATCHED,
    adjusted_rand_index,
    completeness,
    homogeneity,
    many_to_one,
    matched_share,
    normalized_mutual_information,
    one_to_one,
)
from disentangle_bench.representation import Representation
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.representation.variables import Variables
from disentangle_bench.seeds import derive_seed

PARTS = ("accuracy", "error", "many-to-one", "nmi", "ari", "homogeneity", "completeness", "categories-used")
SHUFFLES = 200
RECURRENCE = 10  # a column of no declared kind whose values come back this often is one of categories
_BOUNDS: Mapping[str, Bounds] = {"ari": (-0.5, 1), "categories-used": (1, None)}

Table = NDArray[np.int64]
Figures = dict[str, NDArray[np.float64]]


@metric(
    "c1-accuracy",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1606.03657, section 7.2; one-to-one matching by Kuhn (1955)",
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
        return {part: Score.undefined(reason) for part in PARTS}
    tried = [_Labelling.of(data, name, classes[0]) for name in names]
    best = max(tried, key=lambda labelling: labelling.train_accuracy)
    return _scores(best, tried, _categories(best, latents), bootstrap, seed)


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


@dataclass(frozen=True)
class _Labelling:
    """One code against one factor: how often each category meets each class, by split."""

    code: str
    factor: str
    categories: NDArray[Any]
    classes: NDArray[Any]
    train: Table
    test: Table
    test_pairs: NDArray[np.int64]
    """`(2, n)`: the category's and the class's index of each test sample."""

    @classmethod
    def of(cls, data: Representation, code: str, factor: str) -> _Labelling:
        if data.factors is None or data.train is None:
            raise MetricError("Categories cannot be matched without factors and a training split.", "Give both.")
        categories, rows = _indexed(data.codes.column(code))
        classes, columns = _indexed(data.factors.column(factor))
        shape = (len(categories), len(classes))
        test = ~data.train
        tables = [count_pairs(rows[split], columns[split], shape) for split in (data.train, test)]
        return cls(code, factor, categories, classes, tables[0], tables[1], np.stack([rows[test], columns[test]]))

    @cached_property
    def matching(self) -> NDArray[np.int64]:
        return one_to_one(self.train)

    @cached_property
    def majority(self) -> NDArray[np.int64]:
        return many_to_one(self.train)

    @property
    def train_accuracy(self) -> float:
        return float(matched_share(self.train, self.matching))

    def figures(self, tables: Table) -> Figures:
        """Every part, for test tables `(..., r, c)` under the matchings of the training split."""
        return _figures(tables, self.matching, self.majority)

    def point(self) -> dict[str, float]:
        """Every part, for the test split."""
        return {part: float(value) for part, value in self.figures(self.test).items()}

    def correct(self, matching: NDArray[np.int64]) -> NDArray[np.float64]:
        """1 for each test sample `(n,)` whose class is its category's, 0 for the others."""
        rows, columns = self.test_pairs
        return np.asarray(matching[rows] == columns, dtype=np.float64)


def _figures(tables: Table, matching: NDArray[np.int64], majority: NDArray[np.int64]) -> Figures:
    accuracy = matched_share(tables, matching)
    return {
        "accuracy": accuracy,
        "error": 1 - accuracy,
        "many-to-one": matched_share(tables, majority),
        "nmi": normalized_mutual_information(tables),
        "ari": adjusted_rand_index(tables),
        "homogeneity": homogeneity(tables),
        "completeness": completeness(tables),
        "categories-used": (tables.sum(axis=-1) > 0).sum(axis=-1).astype(np.float64),
    }


def _scores(best: _Labelling, tried: list[_Labelling], categories: int, bootstrap: int, seed: int) -> Scores:
    values = best.point()
    resampled = best.figures(resampled_tables(best.test, bootstrap, _rng(seed, "bootstrap")))
    chance = _chance(best.train, best.test, _rng(seed, "shuffle"))
    ceilings = _ceilings(best.test, categories)
    samples = _samples(best)
    paired = pairing(f"{best.factor} of the test split", best.classes[best.test_pairs[1]])
    scores = {}
    for part in PARTS:
        low, high = _interval(part, values[part], resampled[part], len(samples["accuracy"]))
        scores[part] = Score(
            values[part],
            low=low,
            high=high,
            chance=chance.get(part),
            ceiling=ceilings[part],
            samples=samples.get(part),
            pairing=paired if part in samples else "",
            details=_details(best, tried, categories) if part == "accuracy" else {},
            better="lower" if part == "error" else None,
            bounds=_BOUNDS.get(part),
        )
    return scores


def _interval(part: str, value: float, resampled: NDArray[np.float64], n: int) -> tuple[float | None, float | None]:
    if part == "categories-used":  # a resample can only lose categories
        return None, None
    if part in ("nmi", "ari", "homogeneity", "completeness"):
        return bootstrap_interval(value, resampled, _BOUNDS.get(part, (0, 1)))
    return share_interval(value, resampled, n)


def _chance(train: Table, test: Table, rng: np.random.Generator) -> dict[str, float]:
    """The mean figures when the code is shuffled within each split, which draws tables of the same margins."""
    pairs = zip(_shuffled(train, rng), _shuffled(test, rng), strict=True)
    figures = [_figures(after, one_to_one(before), many_to_one(before)) for before, after in pairs]
    varying = [part for part in PARTS if part != "categories-used"]  # a shuffle keeps the categories
    return {part: float(np.mean([figure[part] for figure in figures])) for part in varying}


def _shuffled(table: Table, rng: np.random.Generator) -> Table:
    margins = table.sum(axis=1), table.sum(axis=0)
    if min(map(np.count_nonzero, margins)) < 2:  # there is one such table; SciPy draws others, with negative counts
        return np.broadcast_to(table, (SHUFFLES, *table.shape))
    tables = random_table(*margins).rvs(SHUFFLES, random_state=rng)
    return np.asarray(tables, dtype=np.int64)


def _ceilings(test: Table, categories: int) -> dict[str, float | None]:
    class_sizes = np.sort(test.sum(axis=0))[::-1]
    reachable = float(class_sizes[:categories].sum() / class_sizes.sum())
    whole = 1.0 if categories >= np.count_nonzero(class_sizes) else None
    return {
        "accuracy": reachable,
        "error": 1 - reachable,
        "many-to-one": reachable,
        "nmi": whole,
        "ari": whole,
        "homogeneity": whole,
        "completeness": 1.0,  # whole classes can share a category
        "categories-used": float(categories),
    }


def _samples(best: _Labelling) -> dict[str, NDArray[np.float64]]:
    correct = best.correct(best.matching)
    return {"accuracy": correct, "error": 1 - correct, "many-to-one": best.correct(best.majority)}


def _details(best: _Labelling, tried: list[_Labelling], categories: int) -> dict[str, Any]:
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
        "codes": {labelling.code: labelling.point() for labelling in tried},
        "interval": "percentile bootstrap over test samples; Wilson's for shares of 0 or 1",
        "chance": f"mean of {SHUFFLES} shuffles of the code within each split, matched anew",
    }


def _discrete(variables: Variables, name: str | None, noun: str) -> tuple[str, ...]:
    """The variable asked for, or the categorical ones, or the ordinal ones, or those whose values keep recurring."""
    if name is not None:
        if name not in variables.names:
            raise UnknownNameError(noun, name, variables.names)
        return (name,)
    declared = _varying(variables, "categorical") or _varying(variables, "ordinal")
    return declared or tuple(n for n in variables.of_kind("continuous") if _recurs(variables.column(n)))


def _varying(variables: Variables, kind: Kind) -> tuple[str, ...]:
    """The variables of a kind without those that have one value; all of them if each has."""
    names = variables.of_kind(kind)
    return tuple(name for name in names if len(np.unique(variables.column(name))) > 1) or names


def _recurs(values: NDArray[Any]) -> bool:
    return 2 <= len(np.unique(values)) <= len(values) / RECURRENCE


def _why_undefined(data: Representation, codes: tuple[str, ...], factors: tuple[str, ...]) -> str:
    if data.factors is None:
        return "there are no factors, so no classes to match categories to"
    if not codes:
        return f"no code is categorical ({_kinds(data.codes)}); if one holds categories, name it with code=NAME"
    if not factors:
        return f"no factor is categorical ({_kinds(data.factors)}); if one holds classes, name it with factor=NAME"
    if data.train is None or not data.train.any():
        return "the training split is empty, so categories cannot be matched to classes"
    return "the test split is empty, so there is nothing to score" if data.train.all() else ""


def _kinds(variables: Variables) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in Counter(variables.kinds).items())


def _categories(best: _Labelling, latents: LatentSpec | None) -> int:
    declared = dict(zip(latents.names, latents.codes, strict=True)).get(best.code) if latents else None
    return max(len(best.categories), getattr(declared, "k", 0))


def _indexed(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    comparable = values.astype(str) if values.dtype.kind == "O" else values
    distinct, index = np.unique(comparable, return_inverse=True)
    return distinct, index.astype(np.int64)


def _rng(seed: int, purpose: str) -> np.random.Generator:
    return np.random.default_rng(derive_seed(seed, "c1-accuracy", purpose))
