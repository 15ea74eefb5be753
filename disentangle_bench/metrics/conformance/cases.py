"""Small representations with known properties, for checks to score."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.representation.variables import Variables

SIZES = (3, 4)
REPEATS = 20
CODES = 3


@dataclass(frozen=True, eq=False)
class Case:
    """The parts of a subject that a metric of codes and factors may need."""

    codes: Any
    factors: Any
    train: NDArray[np.bool_]

    def parts(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names}

    def rows(self, index: NDArray[np.int64]) -> Case:
        """Return the same rows in another order, or some of them."""
        return Case(_rows(self.codes, index), _rows(self.factors, index), self.train[index])


def _rows(values: Any, index: NDArray[np.int64]) -> Any:
    return values.rows(index) if isinstance(values, Variables) else values[index]


def noise() -> Case:
    """Return every combination of two factors 20 times, in random order, and codes independent of them."""
    rng = np.random.default_rng(0)
    grid = np.array(list(product(*map(range, SIZES))) * REPEATS)
    factors = rng.permutation(grid)
    return Case(rng.normal(size=(len(grid), CODES)), factors, np.arange(len(grid)) % 3 > 0)


def perfect() -> Case:
    """Return one code per factor, with a little noise so that no two values tie, and one independent code."""
    case = noise()
    return replace(case, codes=np.column_stack([case.factors + 0.1 * case.codes[:, :2], case.codes[:, 2]]))


def named() -> Case:
    """Return categorical codes that are the factors under other names, for metrics of such codes."""
    return replace(noise(), codes=(noise().factors[:, ::-1] + 1) % SIZES[1])


def misnamed() -> Case:
    """Return categorical codes that are independent of the factors."""
    return replace(noise(), codes=np.random.default_rng(1).integers(SIZES[1], size=noise().factors.shape))


def duplicated() -> Case:
    """Return each factor in two codes."""
    codes = perfect().codes[:, :2]
    return replace(noise(), codes=np.column_stack([codes, codes + 0.01 * noise().codes[:, :2]]))


def rotated() -> Case:
    """Return two codes that both mix both factors."""
    centered = perfect().codes[:, :2] - np.array(SIZES) / 2
    return replace(noise(), codes=centered @ np.array([[1.0, 1.0], [-1.0, 1.0]]) / np.sqrt(2))


def dead() -> Case:
    """Return a perfect code per factor after a code that never changes."""
    return replace(noise(), codes=np.column_stack([np.full(len(noise().codes), 0.5), perfect().codes[:, :2]]))


def mixed() -> Case:
    """Return a categorical code beside two continuous ones, as of InfoGAN."""
    case = perfect()
    categories = (case.factors[:, 1] + (case.codes[:, 2] > 1)) % SIZES[1]
    values = np.column_stack([categories, case.codes[:, 0], case.codes[:, 2]])
    return replace(case, codes=Variables.wrap(values, kinds=["categorical", "continuous", "continuous"]))


REPRESENTATIONS = {
    "perfect": perfect, "noise": noise, "duplicated": duplicated, "rotated": rotated, "dead": dead, "mixed": mixed,
}  # fmt: skip


def _with_factors(factors: Any) -> Case:
    return replace(perfect(), factors=factors)


ODDITIES = {
    "one code": lambda: replace(perfect(), codes=perfect().codes[:, :1]),
    "one factor": lambda: _with_factors(perfect().factors[:, :1]),
    "one sample per class": lambda: _with_factors(
        np.column_stack([np.arange(len(perfect().codes)), perfect().factors[:, 0]])
    ).rows(np.arange(30)),
    "a constant factor": lambda: _with_factors(np.column_stack([perfect().factors, np.ones(len(perfect().factors))])),
    "only constant factors": lambda: _with_factors(np.ones((len(perfect().factors), 2), dtype=int)),
    "only constant codes": lambda: replace(perfect(), codes=np.zeros((len(perfect().codes), 2))),
    "text labels": lambda: _with_factors(np.char.add("class ", perfect().factors.astype(str))),
    "labels that start at 5": lambda: _with_factors(perfect().factors + 5),
    "factors as floats": lambda: _with_factors(
        perfect().factors + 0.25 * np.sin(np.arange(len(perfect().factors)))[:, None]
    ),
    "an ordinal and a cyclic factor": lambda: _with_factors(
        Variables.wrap(perfect().factors.astype(float), kinds=["ordinal", "cyclic"], prefix="f")
    ),
}
"""Unusual but valid input: a metric scores it, or is undefined with a reason."""
