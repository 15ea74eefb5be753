"""Associations between the codes and the measures of the same images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from disentangle_bench.errors import MetricError
from disentangle_bench.latents import Categorical, LatentSpec
from disentangle_bench.measures import BLANK, MEASURES
from disentangle_bench.metrics.generator.rank_correlation import Counts, Floats, Ranks, eta_squared, spearman
from disentangle_bench.representation.variables import Variables
from disentangle_bench.seeds import derive_seed

BINS = 9
IMAGES_PER_COMBINATION = 20  # on average, for the categorical codes to be held fixed
SHUFFLES = 50
BLOCK = 64
"""Resamples of some thousand images whose ranks fit into a processor's cache."""

Associations = Mapping[tuple[str, str], Floats]
"""(code, measure) -> one association per resample, `(r,)`."""


@dataclass(frozen=True)
class MeasuredImages:
    """The codes and the measures of images that are not blank.

    Attributes:
        codes: by name, `(n,)` each.
        categorical: names of the categorical codes.
        measures: by name, `(n,)` each.
        blank: number of blank images, which were left out.
        invisible: names of measures that were left out, since nobody sees a difference in them; see `without`.
    """

    codes: Mapping[str, NDArray[Any]]
    categorical: frozenset[str]
    measures: Mapping[str, Floats]
    blank: int
    invisible: tuple[str, ...] = ()

    @classmethod
    def of(cls, images: NDArray[Any], codes: Mapping[str, NDArray[Any]], latents: LatentSpec) -> MeasuredImages:
        """Measure `images (n, h, w)` in [0, 1] with the given codes, `(n,)` each."""
        kept = images.max(axis=(1, 2)) >= BLANK
        return cls(
            {name: values[kept] for name, values in codes.items()},
            frozenset(code.name for code in latents.codes if isinstance(code, Categorical)),
            {name: measure.function(images[kept]) for name, measure in MEASURES.items()},
            int((~kept).sum()),
        )

    @classmethod
    def of_test_split(
        cls,
        images: NDArray[Any],
        codes: Variables,
        train: ArrayLike | None,
        latents: LatentSpec,
        *,
        samples: int,
        seed: int,
    ) -> MeasuredImages:
        """Measure at most `samples` real images `(n, 1, h, w)` of the test split, drawn at random.

        Raises:
            MetricError: images, codes and train of different lengths, or codes without the names of the latent spec's.
        """
        mask = np.zeros(len(images), dtype=bool) if train is None else np.asarray(train, dtype=bool)
        if not len(images) == len(codes) == len(mask):
            raise MetricError(
                f"There are {len(images)} images, {len(codes)} rows of codes and {len(mask)} of train.",
                "Give one row of each per image.",
            )
        missing = sorted(set(latents.names) - set(codes.names))
        if missing:
            raise MetricError(
                f"The images' codes {', '.join(codes.names)} lack {', '.join(missing)}.",
                "Name them as in the latent spec.",
            )
        rng = np.random.default_rng(derive_seed(seed, "choice of real pictures"))
        rows = np.sort(rng.permutation(np.flatnonzero(~mask))[:samples])
        scaled = images[rows, 0] / (255.0 if images.dtype == np.uint8 else 1.0)
        chosen = codes.rows(rows)
        return cls.of(scaled, {name: chosen.column(name) for name in latents.names}, latents)

    def without(self, invisible: Sequence[str]) -> MeasuredImages:
        """Leave out measures in which nobody sees that the images differ."""
        kept = {name: values for name, values in self.measures.items() if name not in invisible}
        return replace(self, measures=kept, invisible=tuple(invisible))

    def __len__(self) -> int:
        return len(next(iter(self.codes.values())))

    @property
    def continuous(self) -> list[str]:
        """Names of the continuous codes."""
        return [name for name in self.codes if name not in self.categorical]

    @property
    def once(self) -> Counts:
        """The images themselves, as counts of a resample."""
        return np.ones((1, len(self)))

    def categories(self) -> NDArray[np.int64]:
        """The combination of categories of each image, `(n,)`; all 0 where there are too many combinations to hold."""
        columns = [values for name, values in self.codes.items() if name in self.categorical]
        if not columns:
            return np.zeros(len(self), dtype=np.int64)
        combinations, member = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
        return member if len(combinations) * IMAGES_PER_COMBINATION <= len(self) else np.zeros_like(member)


def on_resamples(
    statistic: Callable[[MeasuredImages, Counts], Associations],
    measured: MeasuredImages,
    count: int,
    rng: np.random.Generator,
) -> Associations:
    """Associations on bootstrap resamples of the images, a block of them at a time."""
    shares = np.full(len(measured), 1 / len(measured))
    sizes = (min(BLOCK, count - start) for start in range(0, count, BLOCK))
    drawn = (rng.multinomial(len(measured), shares, size=size).astype(np.float64) for size in sizes)
    blocks = [statistic(measured, counts) for counts in drawn]
    return {pair: np.concatenate([block[pair] for block in blocks]) for pair in blocks[0]}


def associations(measured: MeasuredImages, counts: Counts) -> Associations:
    """Rank correlation of each continuous code, and eta squared of each categorical one, with each measure."""
    ranked = {name: Ranks.of(values, counts) for name, values in measured.measures.items()}
    results: dict[tuple[str, str], Floats] = {}
    for code, values in measured.codes.items():
        if code in measured.categorical:
            results |= {(code, measure): eta_squared(values, ranks) for measure, ranks in ranked.items()}
        else:
            own = Ranks.of(values, counts)
            results |= {(code, measure): spearman(own, ranks) for measure, ranks in ranked.items()}
    return results


def within_categories(measured: MeasuredImages, counts: Counts) -> Associations:
    """Partial rank correlation of each continuous code with each measure, given the categorical codes."""
    categories = measured.categories()
    ranked = {name: Ranks.of(values, counts, categories) for name, values in measured.measures.items()}
    results: dict[tuple[str, str], Floats] = {}
    for code in measured.continuous:
        own = Ranks.of(measured.codes[code], counts, categories)
        results |= {(code, measure): spearman(own, ranks) for measure, ranks in ranked.items()}
    return results


def mean_strongest(correlations: Associations, measured: MeasuredImages) -> Floats:
    """The mean over continuous codes of the largest absolute correlation with a measure, `(r,)`."""
    tables = [np.abs([correlations[code, measure] for measure in measured.measures]) for code in measured.continuous]
    means: Floats = np.mean([np.fmax.reduce(table, axis=0) for table in tables], axis=0)
    return means


def mean_strongest_by_chance(measured: MeasuredImages, rng: np.random.Generator) -> float:
    """The mean of `mean_strongest` over shuffles of the codes against the measures, within categories."""
    categories = measured.categories()
    by_category = np.argsort(categories, kind="stable")
    results = []
    for _ in range(SHUFFLES):
        order = np.empty_like(categories)
        order[by_category] = np.lexsort((rng.random(len(categories)), categories))
        codes = {name: values[order] for name, values in measured.codes.items()}
        results.append(mean_strongest(within_categories(replace(measured, codes=codes), measured.once), measured))
    return float(np.mean(results))


def profile(measured: MeasuredImages, code: str, measure: str) -> dict[str, Any]:
    """The mean of a measure along a code: in each category, or in equal shares of the images from low to high."""
    values, measures = measured.codes[code], measured.measures[measure]
    if code in measured.categorical:
        shares = [np.flatnonzero(values == category) for category in np.unique(values)]
    else:
        shares = np.array_split(np.argsort(values, kind="stable"), BINS)
    return {
        "unit": MEASURES[measure].unit,
        "code": [float(values[share].mean()) for share in shares],
        "mean": [float(measures[share].mean()) for share in shares],
        "images": len(measured),
        "blank": measured.blank,
    }


def strongest(correlations: Associations, measured: MeasuredImages, code: str) -> dict[str, Any]:
    """The measure with the strongest correlation, and the correlations of all that vary; empty if none does."""
    known = {measure: float(correlations[code, measure][0]) for measure in measured.measures}
    known = {measure: value for measure, value in known.items() if not np.isnan(value)}
    if not known:
        return {}
    measure = max(known, key=lambda name: abs(known[name]))
    return {"measure": measure, "value": known[measure], "all": known}
