"""A code against a factor: its categories, matched to classes on the training split and compared on the test split."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import random_table

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.information.entropies import count_pairs
from disentangle_bench.metrics.intervals import resampled_tables
from disentangle_bench.metrics.predictor.agreement import (
    adjusted_rand_index,
    completeness,
    homogeneity,
    many_to_one,
    matched_share,
    normalized_mutual_information,
    one_to_one,
)
from disentangle_bench.representation import Representation

SHUFFLES = 200
Table = NDArray[np.int64]


@dataclass(frozen=True)
class Labeling:
    """How often each category of a code meets each class of a factor, by split.

    Attributes:
        code, factor: their names.
        categories, classes: `(r,)` and `(c,)` values that occur.
        train, test: `(r, c)` contingency tables of the splits.
        test_pairs: `(2, n)` index of the category and of the class of each test sample.
    """

    code: str
    factor: str
    categories: NDArray[Any]
    classes: NDArray[Any]
    train: Table
    test: Table
    test_pairs: NDArray[np.int64]

    @classmethod
    def of(cls, data: Representation, code: str, factor: str) -> Labeling:
        """Count a code against a factor.

        Raises:
            MetricError: there are no factors or there is no training split.
        """
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
        """`(r,)` class of each category, one to one."""
        return one_to_one(self.train)

    @cached_property
    def majority(self) -> NDArray[np.int64]:
        """`(r,)` most frequent class of each category."""
        return many_to_one(self.train)

    @property
    def train_accuracy(self) -> float:
        """One-to-one accuracy on the training split."""
        return float(matched_share(self.train, self.matching))

    def values(self) -> dict[str, float]:
        """Score the test split: the value of each component."""
        return {name: float(value) for name, value in _components(self.test, self.matching, self.majority).items()}

    def resampled(self, replicates: int, rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
        """Score bootstrap resamples of the test split: `(replicates,)` values of each component."""
        return _components(resampled_tables(self.test, replicates, rng), self.matching, self.majority)

    def chance(self, rng: np.random.Generator) -> dict[str, float]:
        """Average each component over shuffles of the code within each split, matched anew.

        The number of categories in use has no chance level, since a shuffle keeps it.
        """
        pairs = zip(_shuffled(self.train, rng), _shuffled(self.test, rng), strict=True)
        shuffles = [_components(test, one_to_one(train), many_to_one(train)) for train, test in pairs]
        names = [name for name in shuffles[0] if name != "categories-used"]
        return {name: float(np.mean([shuffle[name] for shuffle in shuffles])) for name in names}

    def ceilings(self, categories: int) -> dict[str, float | None]:
        """Return the highest value of each component that a code of so many categories can reach, if known."""
        class_sizes = np.sort(self.test.sum(axis=0))[::-1]
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

    def contributions(self) -> dict[str, NDArray[np.float64]]:
        """Return the contribution `(n,)` of each test sample to the components that are means over samples."""
        rows, columns = self.test_pairs
        correct, frequent = (
            np.asarray(labels[rows] == columns, dtype=np.float64) for labels in (self.matching, self.majority)
        )
        return {"accuracy": correct, "error": 1 - correct, "many-to-one": frequent}


def _components(
    tables: Table, matching: NDArray[np.int64], majority: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    """Score test tables `(..., r, c)` under the matchings of the training split."""
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


def _shuffled(table: Table, rng: np.random.Generator) -> Table:
    """Draw tables `(SHUFFLES, r, c)` with the margins of a table `(r, c)`, as shuffling the code does."""
    margins = table.sum(axis=1), table.sum(axis=0)
    if min(map(np.count_nonzero, margins)) < 2:  # there is one such table; SciPy draws others, with negative counts
        return np.broadcast_to(table, (SHUFFLES, *table.shape))
    return np.asarray(random_table(*margins).rvs(SHUFFLES, random_state=rng), dtype=np.int64)


def _indexed(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    comparable = values.astype(str) if values.dtype.kind == "O" else values
    distinct, index = np.unique(comparable, return_inverse=True)
    return distinct, index.astype(np.int64)
