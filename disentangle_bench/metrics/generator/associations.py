"""How codes and measures of the same pictures go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.latents import Categorical, LatentSpec
from disentangle_bench.measures import BLANK, MEASURES
from disentangle_bench.metrics.generator.rank_correlation import Counts, Floats, Ranking, correlation_ratio, spearman

BINS = 9
ENOUGH = 20  # pictures per combination of categories, on average, for the categories to be held fixed
SHUFFLES = 50

Associations = Mapping[tuple[str, str], Floats]
"""By code and measure, one figure per resample, `(r,)`."""


@dataclass(frozen=True)
class Measured:
    """Pictures with something on them.

    Attributes:
        codes: by name, `(n,)` each.
        categorical: the names of the codes that are.
        measures: by name, `(n,)` each.
        blank: how many pictures had nothing on them and were left out.
    """

    codes: Mapping[str, NDArray[Any]]
    categorical: frozenset[str]
    measures: Mapping[str, Floats]
    blank: int

    @classmethod
    def of(cls, pictures: NDArray[Any], codes: Mapping[str, NDArray[Any]], latents: LatentSpec) -> Measured:
        """Measure `pictures (n, h, w)` in [0, 1] that have `codes`, `(n,)` each."""
        kept = pictures.max(axis=(1, 2)) >= BLANK
        return cls(
            {name: values[kept] for name, values in codes.items()},
            frozenset(code.name for code in latents.codes if isinstance(code, Categorical)),
            {name: measure.function(pictures[kept]) for name, measure in MEASURES.items()},
            int((~kept).sum()),
        )

    def __len__(self) -> int:
        return len(next(iter(self.codes.values())))

    @property
    def continuous(self) -> list[str]:
        """The names of the codes that are."""
        return [name for name in self.codes if name not in self.categorical]

    @property
    def once(self) -> Counts:
        """The pictures themselves, as a resample."""
        return np.ones((1, len(self)), dtype=np.int64)

    def categories(self) -> NDArray[np.int64]:
        """Which combination of categories each picture has, `(n,)`; all 0 where combinations are too many to hold."""
        columns = [values for name, values in self.codes.items() if name in self.categorical]
        if not columns:
            return np.zeros(len(self), dtype=np.int64)
        combinations, member = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
        return member if len(combinations) * ENOUGH <= len(self) else np.zeros_like(member)


def associations(measured: Measured, counts: Counts) -> dict[tuple[str, str], Floats]:
    """Rank correlation of each continuous code, and correlation ratio of each categorical one, with each measure."""
    rankings = {name: Ranking.of(values) for name, values in measured.measures.items()}
    figures: dict[tuple[str, str], Floats] = {}
    for code, values in measured.codes.items():
        for measure, ranking in rankings.items():
            if code in measured.categorical:
                figures[code, measure] = correlation_ratio(values, ranking, counts)
            else:
                figures[code, measure] = spearman(Ranking.of(values), ranking, counts)
    return figures


def within_categories(measured: Measured, counts: Counts) -> dict[tuple[str, str], Floats]:
    """Rank correlation of each continuous code with each measure, the categories held fixed."""
    categories = measured.categories()
    rankings = {name: Ranking.of(values) for name, values in measured.measures.items()}
    return {
        (code, measure): spearman(Ranking.of(measured.codes[code]), ranking, counts, categories)
        for code in measured.continuous
        for measure, ranking in rankings.items()
    }


def clearest(figures: Associations, measured: Measured) -> Floats:
    """The mean over continuous codes of the largest absolute correlation with a measure, `(r,)`."""
    tables = [np.abs([figures[code, measure] for measure in measured.measures]) for code in measured.continuous]
    means: Floats = np.mean([np.fmax.reduce(table, axis=0) for table in tables], axis=0)
    return means


def clearest_when_shuffled(measured: Measured, rng: np.random.Generator) -> float:
    """The mean of `clearest` over shuffles of the measures against the codes, within categories."""
    categories = measured.categories()
    figures = []
    for _ in range(SHUFFLES):
        order = _shuffled_within(categories, rng)
        codes = {name: values[order] for name, values in measured.codes.items()}
        figures.append(clearest(within_categories(replace(measured, codes=codes), measured.once), measured))
    return float(np.mean(figures))


def _shuffled_within(categories: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """A random order of pictures in which each keeps its category."""
    order = np.empty_like(categories)
    order[np.argsort(categories, kind="stable")] = np.lexsort((rng.random(len(categories)), categories))
    return order


def profile(measured: Measured, code: str, measure: str) -> dict[str, Any]:
    """The mean of a measure along a code: in each category, or in equal shares of the pictures from low to high."""
    values, figures = measured.codes[code], measured.measures[measure]
    if code in measured.categorical:
        shares = [np.flatnonzero(values == category) for category in np.unique(values)]
    else:
        shares = np.array_split(np.argsort(values, kind="stable"), BINS)
    return {
        "unit": MEASURES[measure].unit,
        "code": [float(values[share].mean()) for share in shares],
        "mean": [float(figures[share].mean()) for share in shares],
        "pictures": len(measured),
        "blank": measured.blank,
    }


def strongest(figures: Associations, measured: Measured, code: str) -> dict[str, Any]:
    """The measure that a code goes with most, and how, beside all that vary; empty if none does."""
    known = {measure: float(figures[code, measure][0]) for measure in measured.measures}
    known = {measure: value for measure, value in known.items() if not np.isnan(value)}
    if not known:
        return {}
    measure = max(known, key=lambda name: abs(known[name]))
    return {"measure": measure, "value": known[measure], "all": known}
