"""Contingency tables of every code with every factor, and the information in them, in nats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
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
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.representation.variables import Variables

MAX_CELLS = 2**26
"""Half a gigabyte of counts."""
CELLS_AT_ONCE = 2**22
MOST_CELLS = 0.5
"""Cells per sample of a code of several columns; with more, all codes seem to hold all factors."""
_ROUNDING = 1e-12
"""Information below this, in nats, is what rounding leaves of none."""
_DIGITS = 12


class Binning(NamedTuple):
    """How continuous variables are cut into bins.

    Attributes:
        code_bins, factor_bins: number of bins of equal width.
        reach: let the bins of codes cover this many standard deviations on either side of the mean instead of the
            range.
    """

    code_bins: int
    factor_bins: int
    reach: float | None = None


@dataclass(frozen=True, eq=False)
class Contingency:
    """Contingency tables of every code with every factor, in one matrix.

    Attributes:
        joint: `(r, c)`: a row for each bin of each code, code by code, and a column for each bin of each factor, so
            that the table of a pair is a block. Counts, or sums of probabilities.
        codes, factors: the bins of each.
    """

    joint: NDArray[Any]
    codes: tuple[Bins, ...]
    factors: tuple[Bins, ...]

    @classmethod
    def of(cls, codes: Codes, factors: Factors, num_bins: int = 20, *, binning: Binning | None = None) -> Self:
        """Count codes and factors; continuous variables and angles in bins of equal width.

        Samples are counted once for all metrics that use the same bins; a file is read in batches.

        Args:
            codes: `(n, d)` of any kinds.
            factors: `(n, k)` of any kinds.
            num_bins: number of bins of each continuous variable, over its range.
            binning: other bins, instead of `num_bins`.

        Raises:
            RepresentationError: the arrays differ in length or hold NaN or infinite values.
            MetricError: there are fewer than 4 samples, fewer than 2 bins, or too many different values to count.
        """
        rows, columns = paired(codes, factors)
        binning = binning or Binning(num_bins, num_bins)
        known = _CACHE.setdefault(rows, WeakKeyDictionary()).setdefault(columns, {})
        if binning not in known:
            of_codes = bins_of(rows, binning.code_bins, reach=binning.reach)
            known[binning] = cls.empty(of_codes, bins_of(columns, binning.factor_bins)).with_rows(rows, columns)
        return cast(Self, known[binning])

    @classmethod
    def empty(cls, codes: Sequence[Bins], factors: Sequence[Bins]) -> Self:
        """Return tables of no samples.

        Raises:
            MetricError: the bins are too many to count in.
        """
        shape = sum(map(len, codes)), sum(map(len, factors))
        if shape[0] * shape[1] > MAX_CELLS:
            most = max((*codes, *factors), key=len)
            raise MetricError(
                f"{shape[0]:,} bins of codes by {shape[1]:,} of factors are too many to count: "
                f"{most.name!r} alone has {len(most):,} values.",
                "Declare a variable of so many values continuous, so that it is cut into bins; choose fewer with "
                "--codes and --factors.",
            )
        return cls(np.zeros(shape, dtype=np.int64), tuple(codes), tuple(factors))

    def with_rows(self, codes: Variables, factors: Variables) -> Self:
        """Return these counts with more samples added."""
        counts = replace(self, joint=self.joint.copy())
        for some_codes, some_factors in zip(codes.batches(), factors.batches(), strict=True):
            columns = bin_indices(some_factors, self.factors)
            for i, row in enumerate(bin_indices(some_codes, self.codes)):
                for j, column in enumerate(columns):
                    table = counts.table(i, j)
                    table += count_pairs(row, column, table.shape)
        return counts

    def table(self, code: int, factor: int) -> NDArray[Any]:
        """Return the contingency table of one code with one factor, a view."""
        row, column = (starts[place] for starts, place in zip(self._starts, (code, factor), strict=True))
        return self.joint[row : row + len(self.codes[code]), column : column + len(self.factors[factor])]

    @cached_property
    def _starts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the rows of each code and the columns of each factor begin."""
        return _offsets(self.codes), _offsets(self.factors)

    @property
    def samples(self) -> float:
        """Number of samples."""
        return float(self.table(0, 0).sum())

    def information(self) -> Information:
        """Return the entropies and the mutual information of the codes and the factors that vary."""
        return Information.of(self)


_CACHE: WeakKeyDictionary[Variables, WeakKeyDictionary[Variables, dict[Binning, Contingency]]] = WeakKeyDictionary()
"""Counts of variables, kept while these are in use: each takes a pass over all rows."""


def cells_of_groups(codes: Variables, binning: Binning) -> Variables:
    """Put in place of each code of several columns the cell of each row, in the grid of the bins of its columns.

    Raises:
        MetricError: there are so many cells that most would be counted once.
    """
    if not codes.widths:
        return codes
    columns = []
    for place, (name, width) in enumerate(zip(codes.names, codes.widths, strict=True)):
        block = codes.block(place)
        if width > 1:
            alone = Variables.wrap(block, kinds=["continuous"] * width)
            index = np.stack(bin_indices(alone, bins_of(alone, binning.code_bins, reach=binning.reach)), axis=1)
            block = np.unique(index, axis=0, return_inverse=True)[1].reshape(-1, 1)
            if (cells := int(block.max()) + 1) > len(codes) * MOST_CELLS:
                raise MetricError(
                    f"The columns of {name!r} fall into {cells:,} cells for {len(codes):,} samples, too few to count.",
                    "Set num_bins to less, or use `infomec`, which goes by neighbors instead of cells.",
                )
        columns.append(block)
    kinds: list[Kind] = ["categorical" if w > 1 else kind for w, kind in zip(codes.widths, codes.kinds, strict=True)]
    return Variables(np.concatenate(columns, axis=1), codes.names, tuple(kinds))


def bin_indices(variables: Variables, bins: Sequence[Bins]) -> list[NDArray[np.int64]]:
    """Return the bin `(n,)` of each row, variable by variable."""
    columns = np.ascontiguousarray(variables.values.T)
    return [own.digitize(column) for own, column in zip(bins, columns, strict=True)]


def _offsets(bins: Sequence[Bins]) -> NDArray[np.int64]:
    """Return the first row, or column, of each variable's block."""
    return np.cumsum([0, *map(len, bins[:-1])])


@dataclass(frozen=True, eq=False)
class Information:
    """Entropies of codes and factors and their mutual information, in nats: plug-in estimates.

    Attributes:
        shared: `(d, k)` mutual information of each code and each factor that varies.
        codes: `(d,)` entropies of the codes.
        factors: `(k,)` entropies of the factors that vary.
        code_names, factor_names: names of these codes and factors.
        code_bins: `(d,)` number of bins of each code.
        constant: names of the factors that were left out because they never change.
    """

    shared: NDArray[np.float64]
    codes: NDArray[np.float64]
    factors: NDArray[np.float64]
    code_names: tuple[str, ...]
    factor_names: tuple[str, ...]
    code_bins: tuple[int, ...]
    constant: tuple[str, ...]

    @classmethod
    def of(cls, counts: Contingency) -> Self:
        """Compute them from counts of at least one sample."""
        rows, columns = _offsets(counts.codes), _offsets(counts.factors)
        joint, total = counts.joint, counts.samples
        of_codes = joint[:, : len(counts.factors[0])].sum(axis=1, dtype=np.float64)
        of_factors = joint[: len(counts.codes[0])].sum(axis=0, dtype=np.float64)
        per_pair = np.concatenate([
            np.add.reduceat(np.add.reduceat(xlogy(block, block), starts, axis=0), columns, axis=1)
            for block, starts in _blocks(joint, rows)
        ])  # fmt: skip
        per_code = np.add.reduceat(xlogy(of_codes, of_codes), rows)
        per_factor = np.add.reduceat(xlogy(of_factors, of_factors), columns)
        shared = np.log(total) + (per_pair - per_code[:, None] - per_factor) / total
        varies = np.add.reduceat(of_factors > 0, columns, dtype=np.int64) > 1
        names = [bins.name for bins in counts.factors]
        return cls(
            _drop_rounding(shared)[:, varies],
            _drop_rounding(np.log(total) - per_code / total),
            _drop_rounding(np.log(total) - per_factor / total)[varies],
            tuple(bins.name for bins in counts.codes),
            tuple(name for name, alive in zip(names, varies, strict=True) if alive),
            tuple(map(len, counts.codes)),
            tuple(name for name, alive in zip(names, varies, strict=True) if not alive),
        )

    @property
    def reason(self) -> str:
        """Why no metric of these factors is defined; empty if one is."""
        return "" if self.factor_names else f"no factor varies: {', '.join(self.constant)}"

    @property
    def normalized(self) -> NDArray[np.float64]:
        """`(d, k)` mutual information as a share of each factor's entropy."""
        return self.shared / self.factors


def _blocks(joint: NDArray[Any], rows: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """Yield some codes' rows of the matrix at a time, and where each of these codes begins among them."""
    ends = np.append(rows[1:], len(joint))
    first = 0
    while first < len(rows):
        most = rows[first] + CELLS_AT_ONCE // joint.shape[1]
        last = max(first + 1, int(np.searchsorted(ends, most, side="right")))
        yield joint[rows[first] : ends[last - 1]].astype(np.float64), rows[first:last] - rows[first]
        first = last


def _drop_rounding(nats: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(nats > _ROUNDING, nats, 0)


def best_and_second(
    values: NDArray[np.float64], costs: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the columns `(m,)` of the greatest and of the second greatest of each row's values `(m, p)`, p >= 2.

    Values that are equal up to rounding are ordered by `costs (p,)`, the least first, or else by column.
    """
    rounded = np.round(values, _DIGITS)
    order = np.lexsort((np.broadcast_to(0.0 if costs is None else costs, values.shape), -rounded), axis=1)
    return order[:, 0], order[:, 1]
