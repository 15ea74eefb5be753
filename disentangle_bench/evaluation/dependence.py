"""How informative factors are about each other."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from disentangle_bench.metrics.information.bins import Bins, bins_of
from disentangle_bench.metrics.information.entropies import count_pairs, entropy, mutual_information
from disentangle_bench.representation.kinds import is_unknown
from disentangle_bench.representation.variables import Variables

MOST_FACTORS = 50
MOST_ROWS = 20_000
NUM_BINS = 20
SURE = 1e-3
"""Probability, over all pairs, of calling factors dependent that are not."""
WORTH_SAYING = 0.01
"""Share of a factor's entropy."""


def strongest_dependence(factors: Variables) -> dict[str, Any] | None:
    """Find the two factors of which one is most informative about the other.

    Information is estimated from counts, in bins of equal width for continuous factors, with Miller's correction;
    dependence is tested by Pearson's chi squared. The first 20,000 rows are counted.

    Args:
        factors: `(n, k)`.

    Returns:
        The names of the two, `of` and `on`; `information` in nats; its `share` of the entropy of the former. None if no
        pair of at most 50 factors depends on each other, or less than 1 % of an entropy is shared.
    """
    if len(factors.names) > MOST_FACTORS:
        return None
    bins = bins_of(factors, NUM_BINS)
    pairs = list(combinations([place for place, own in enumerate(bins) if len(own) > 1], 2))
    rows = next(iter(factors.batches(MOST_ROWS)))
    index = [_bin_of(own, column) for own, column in zip(bins, rows.values.T, strict=True)]
    found = [_dependence((i, j), bins, index, SURE / len(pairs)) for i, j in pairs]
    known = [each for each in found if each is not None]
    strongest = max(known, key=lambda each: float(each["share"]), default=None)
    return strongest if strongest is not None and strongest["share"] >= WORTH_SAYING else None


def _bin_of(bins: Bins, column: NDArray[Any]) -> NDArray[np.int64]:
    """The bin `(n,)` of each value, and -1 of unknown ones."""
    known = ~is_unknown(column)
    index = np.full(len(column), -1)
    index[known] = bins.digitize(column[known])
    return index


def _dependence(
    pair: tuple[int, int], bins: tuple[Bins, ...], index: list[np.ndarray[Any, Any]], sure: float
) -> dict[str, Any] | None:
    i, j = pair
    known = (index[i] >= 0) & (index[j] >= 0)
    if len(bins[i]) * len(bins[j]) > known.sum():  # so many cells that independent factors seem to tell a lot
        return None
    table = count_pairs(index[i][known], index[j][known], (len(bins[i]), len(bins[j])))
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    if min(table.shape) < 2 or scipy.stats.chi2_contingency(table, correction=False).pvalue > sure:
        return None
    information = float(mutual_information(table, correction="miller-madow"))
    entropies = [float(entropy(table.sum(axis=axis))) for axis in (1, 0)]
    of, on = (i, j) if entropies[0] <= entropies[1] else (j, i)
    share = information / min(entropies)
    return {"of": bins[of].name, "on": bins[on].name, "information": information, "share": share}
