"""How often each cell of each code meets each cell of each factor: all that metrics of information need of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self, cast
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from disentangle_bench.errors import MetricError
from disentangle_bench.metrics.information.bins import Bins, bins_of
from disentangle_bench.metrics.information.entropies import count_pairs
from disentangle_bench.metrics.inputs import paired
from disentangle_bench.metrics.metric import Codes, Factors
from disentangle_bench.representation.variables import Variables

MOST_CELLS = 2**27
_ROUNDING = 1e-12
"""Nats that rounding leaves of no information."""
_DIGITS = 12


class Layout(NamedTuple):
    """How continuous variables are cut into bins.

    Attributes:
        code_bins, factor_bins: how many.
        reach: the bins of codes cover so many standard deviations to either side of the mean, and not just the range.
    """

    code_bins: int
    factor_bins: int
    reach: float | None = None


@dataclass(frozen=True, eq=False)
class Contingency:
    """Contingency tables of every code with every factor, in one matrix.

    Attributes:
        joint: `(r, c)`: a row for each cell of each code, code by code, and a column for each cell of each factor, so
            that the table of a pair is a block. Whole numbers, or sums of probabilities.
        codes, factors: the cells of each.
    """

    joint: NDArray[Any]
    codes: tuple[Bins, ...]
    factors: tuple[Bins, ...]

    @classmethod
    def of(cls, codes: Codes, factors: Factors, num_bins: int = 20, *, layout: Layout | None = None) -> Self:
        """Counts of arrays `(n, d)` and `(n, k)`; continuous variables and angles in equal-width bins.

        Rows are counted once for all metrics that count in the same bins; what lies in a file is read in batches.

        Args:
            codes: of any kinds.
            factors: likewise.
            num_bins: of each continuous variable, from its least to its greatest value.
            layout: other bins, in place of `num_bins`.

        Raises:
            RepresentationError: arrays that do not fit together, NaN or infinite values.
            MetricError: fewer than 4 samples, fewer than 2 bins, or so many different values that they cannot be
                counted.
        """
        rows, columns = paired(codes, factors)
        laid_out = Layout(num_bins, num_bins) if layout is None else layout
        known = _COUNTED.setdefault(rows, WeakKeyDictionary()).setdefault(columns, {})
        if laid_out not in known:
            known[laid_out] = cls._counted(rows, columns, laid_out)
        return cast(Self, known[laid_out])

    @classmethod
    def _counted(cls, codes: Variables, factors: Variables, layout: Layout) -> Self:
        of_codes = bins_of(codes, layout.code_bins, reach=layout.reach)
        return cls.none(of_codes, bins_of(factors, layout.factor_bins)).with_rows(codes, factors)

    @classmethod
    def none(cls, codes: Sequence[Bins], factors: Sequence[Bins]) -> Self:
        """No sample yet."""
        shape = sum(map(len, codes)), sum(map(len, factors))
        if shape[0] * shape[1] > MOST_CELLS:
            most = max((*codes, *factors), key=len)
            raise MetricError(
                f"{shape[0]} cells of codes by {shape[1]} of factors cannot be counted: "
                f"{most.name!r} alone has {len(most)} values.",
                "Declare such a variable continuous, so that it is binned.",
            )
        return cls(np.zeros(shape, dtype=np.int64), tuple(codes), tuple(factors))

    def with_rows(self, codes: Variables, factors: Variables) -> Self:
        """These and some more samples."""
        counts = replace(self, joint=self.joint.copy())
        for some_codes, some_factors in zip(codes.batches(), factors.batches(), strict=True):
            rows, columns = _cell_numbers(some_codes, self.codes), _cell_numbers(some_factors, self.factors)
            for i, row in enumerate(rows):
                for j, column in enumerate(columns):
                    table = counts.table(i, j)
                    table += count_pairs(row, column, table.shape)
        return counts

    def table(self, code: int, factor: int) -> NDArray[Any]:
        """The contingency table of one code with one factor: a view."""
        row, column = _firsts(self.codes)[code], _firsts(self.factors)[factor]
        return self.joint[row : row + len(self.codes[code]), column : column + len(self.factors[factor])]

    def __add__(self, other: Contingency) -> Contingency:
        for one, another in zip((*self.codes, *self.factors), (*other.codes, *other.factors), strict=True):
            if one.binned != another.binned or not np.array_equal(one.marks, another.marks):
                raise MetricError(
                    f"The cells of {one.name!r} differ between counts.", "Add only counts that were made in the same."
                )
        return replace(self, joint=self.joint + other.joint)

    @property
    def samples(self) -> float:
        """How many rows were counted."""
        return float(self.table(0, 0).sum())

    def information(self) -> Information:
        """Entropies and mutual information of codes and those factors that vary."""
        return Information.of(self)


_COUNTED: WeakKeyDictionary[Variables, WeakKeyDictionary[Variables, dict[Layout, Contingency]]] = WeakKeyDictionary()
"""Counts of variables for as long as these are in use: each takes a pass over all rows."""


def _cell_numbers(variables: Variables, bins: Sequence[Bins]) -> list[NDArray[np.int64]]:
    columns = np.ascontiguousarray(variables.values.T)
    return [own.index(column) for own, column in zip(bins, columns, strict=True)]


def _firsts(bins: Sequence[Bins]) -> NDArray[np.int64]:
    """The first row, or column, of each variable's block."""
    return np.cumsum([0, *map(len, bins[:-1])])


@dataclass(frozen=True, eq=False)
class Information:
    """What codes and factors have and share, in nats: plug-in figures.

    Attributes:
        shared: `(d, k)` mutual information of each code and each factor that varies.
        codes: `(d,)` entropies.
        factors: `(k,)` entropies of the factors that vary.
        code_names, factor_names: of these.
        code_cells: `(d,)` how many cells each code could fall into.
        constant: the names of the factors that were left out because they never change.
    """

    shared: NDArray[np.float64]
    codes: NDArray[np.float64]
    factors: NDArray[np.float64]
    code_names: tuple[str, ...]
    factor_names: tuple[str, ...]
    code_cells: tuple[int, ...]
    constant: tuple[str, ...]

    @classmethod
    def of(cls, counts: Contingency) -> Self:
        """From counts of one sample or more."""
        rows, columns = _firsts(counts.codes), _firsts(counts.factors)
        joint, total = counts.joint.astype(np.float64), counts.samples
        of_codes, of_factors = joint[:, : len(counts.factors[0])].sum(axis=1), joint[: len(counts.codes[0])].sum(axis=0)
        per_pair = np.add.reduceat(np.add.reduceat(xlogy(joint, joint), rows, axis=0), columns, axis=1)
        per_code = np.add.reduceat(xlogy(of_codes, of_codes), rows)
        per_factor = np.add.reduceat(xlogy(of_factors, of_factors), columns)
        shared = np.log(total) + (per_pair - per_code[:, None] - per_factor) / total
        varies = np.add.reduceat(of_factors > 0, columns, dtype=np.int64) > 1
        names = [bins.name for bins in counts.factors]
        return cls(
            np.where(shared > _ROUNDING, shared, 0)[:, varies],
            _at_least_zero(np.log(total) - per_code / total),
            _at_least_zero(np.log(total) - per_factor / total)[varies],
            tuple(bins.name for bins in counts.codes),
            tuple(name for name, alive in zip(names, varies, strict=True) if alive),
            tuple(map(len, counts.codes)),
            tuple(name for name, alive in zip(names, varies, strict=True) if not alive),
        )

    @property
    def reason(self) -> str:
        """Why nothing can be said of these factors, if so."""
        return "" if self.factor_names else f"no factor varies: {', '.join(self.constant)}"

    @property
    def normalized(self) -> NDArray[np.float64]:
        """`(d, k)` shares of each factor's entropy."""
        return self.shared / self.factors


def _at_least_zero(figures: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(figures > _ROUNDING, figures, 0)


def best_and_second(
    figures: NDArray[np.float64], burden: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The places of the greatest and the second greatest of each row's figures `(m, p)`, p of 2 or more.

    Of figures that are equal, up to rounding, the one with the least `burden (p,)` comes first, or else the first.
    """
    even = np.round(figures, _DIGITS)
    weights = np.broadcast_to(np.zeros(figures.shape[1]) if burden is None else burden, figures.shape)
    order = np.lexsort((weights, -even), axis=1)
    return order[:, 0], order[:, 1]
