"""Print, as Markdown, the page of chance levels and ceilings: what numbers mean on factors of well-known sizes.

    python -m benchmarks.levels > docs/levels.md

The values are those that `dbench eval` puts beside its scores, by the same functions and from the same cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import click
import numpy as np

from disentangle_bench.evaluation.metric_call import MetricCall
from disentangle_bench.evaluation.reference_levels import SLOW, USUAL, Levels, Part, reference_levels
from disentangle_bench.metrics import METRICS, Scores, info_of
from disentangle_bench.metrics.inputs import drawn_mask
from disentangle_bench.reports.markdown import markdown_table
from disentangle_bench.reports.numbers import MISSING, PLAIN_DECIMALS, say
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.representation.variables import Variables

SAMPLES = 10_000
SLOW_SAMPLES = 1_000
"""Of metrics that are slow: boosted trees for 40 classes would take most of an hour."""
SLOW_HELD_OUT = int(np.sum(~drawn_mask(SLOW_SAMPLES, seed=0)))
PAGE = f"""# Chance and ceiling

A score says little by itself. This page is the output of `python -m benchmarks.levels`: what codes that know nothing
get, and what perfect codes get, on factors as dSprites (3, 6, 40, 32 and 32 values), Shapes3D (10, 10, 10, 8, 4 and
15 values) and MNIST (10 classes) have them. `dbench eval` simulates the same beside your own factors, and keeps
them in the user's cache.

- Factors are independent of each other and their values equally frequent; they count as categorical, as whole numbers
  do that come without kinds. There are {SAMPLES:,} samples, two thirds of them for fitting, and {SLOW_SAMPLES:,} for
  metrics that are slow, which are marked with an asterisk.
- Codes are 10 continuous ones for dSprites and Shapes3D; for MNIST those of InfoGAN, one of 10 categories and two
  continuous ones.
- Chance: continuous codes are standard normal, categories equally frequent. The mean of {USUAL.chance} simulations,
  of a slow metric {SLOW.chance}.
- Ceiling: each of the first codes is one factor, and holds that factor's values; a continuous code does so as a number,
  which is what a metric that bins codes, or separates them by straight lines, has to do with. Codes that are left over
  are constant or noise, whichever scores better; of `dci` they are constant. The mean of {USUAL.ceiling}
  simulations of each kind, of a slow metric {SLOW.ceiling}. Codes of which several share a factor can score higher
  where a metric asks only that a code keep to one. The ceiling of `explicitness` is 1, which such codes reach where
  their scale is so large that its penalty does not count.
- An accuracy in one simulation of a slow metric is over {SLOW_HELD_OUT} rows: of a single factor it is uncertain by up
  to {0.5 / SLOW_HELD_OUT**0.5:.2f}.
- Simulations without a score are left out of a mean: a score is compared with what has one.
- {MISSING}: undefined for such codes in all simulations but one at most, or putting nothing in order: where a score has
  no better direction, or perfect codes score no better than those that know nothing. An empty row: not simulated for
  this page, as it takes long.

"""


@dataclass(frozen=True, eq=False)
class Likeness:
    """Factors of the sizes of a well-known dataset, and codes for them."""

    name: str
    sizes: tuple[int, ...]
    codes: tuple[Kind, ...]

    def call(self, metric: Callable[..., Scores]) -> MetricCall:
        """A metric on codes of these kinds; levels do not depend on their values."""
        info = info_of(metric)
        n = SLOW_SAMPLES if info.slow else SAMPLES
        return MetricCall(metric, self._codes(n), self._factors(n), drawn_mask(n, seed=0), info.settings)

    def _factors(self, n: int) -> Variables:
        rng = np.random.default_rng(0)
        columns = [rng.permutation(np.arange(n) % size) for size in self.sizes]
        return Variables.wrap(np.stack(columns, axis=1), prefix="f")

    def _codes(self, n: int) -> Variables:
        """The factors, in order, and then noise: so every part that a perfect code has is defined."""
        rng, factors = np.random.default_rng(1), self._factors(n).values
        columns = [*factors.T, *rng.standard_normal((len(self.codes), n))][: len(self.codes)]
        return Variables.wrap(np.stack(columns, axis=1).astype(np.float64), kinds=self.codes)


LIKENESSES = (
    Likeness("dSprites", (3, 6, 40, 32, 32), ("continuous",) * 10),
    Likeness("Shapes3D", (10, 10, 10, 8, 4, 15), ("continuous",) * 10),
    Likeness("MNIST", (10,), ("categorical", "continuous", "continuous")),
)


@dataclass(frozen=True)
class Row:
    """One metric's levels on every likeness."""

    metric: str

    @cached_property
    def cells(self) -> list[list[str]]:
        """A line a part: its name, then chance and ceiling on each."""
        function = METRICS.get(self.metric)
        levels = [_levels(likeness.call(function)) for likeness in LIKENESSES]
        mark = "\\*" if info_of(function).slow else ""
        parts = dict.fromkeys(part for of in levels for part in of)
        return [
            [f"{self.metric}.{part}{mark}" if part else f"{self.metric}{mark}", *_line(part, levels)] for part in parts
        ]


def resamplable() -> list[str]:
    """The metrics that have a row."""
    return [name for name in METRICS if info_of(METRICS.get(name)).resamplable]


def table(metrics: Iterable[str], skipped: Iterable[str] = ()) -> str:
    """The Markdown table of some metrics, of which some are only listed."""
    headings = ["Score", *(f"{likeness.name}, {kind}" for likeness in LIKENESSES for kind in ("chance", "ceiling"))]
    rows = []
    for name in metrics:
        if name in skipped:
            rows.append([name, *[""] * (len(headings) - 1)])
            continue
        click.echo(name, err=True)
        rows += Row(name).cells
    return markdown_table(headings, rows, left=headings[:1])


def _levels(call: MetricCall) -> dict[str, Levels]:
    """The levels of each part: its own where the metric gives them, else simulated."""
    info, scores = info_of(call.function), call.scores()
    parts = {name: Part(score.better or info.better, score.in_sample) for name, score in scores.items()}
    simulated = reference_levels(call, parts)
    return {
        name: Levels(
            simulated[name].chance if score.chance is None else score.chance,
            simulated[name].ceiling if score.ceiling is None else score.ceiling,
        )
        for name, score in scores.items()
    }


def _line(part: str, levels: Iterable[dict[str, Levels]]) -> list[str]:
    found = [of.get(part, Levels()) for of in levels]
    return [say(value, PLAIN_DECIMALS) for pair in found for value in (pair.chance, pair.ceiling)]


@click.command(help=__doc__)
@click.argument("metrics", nargs=-1)
@click.option("--skip", default="", help="Metrics, separated by commas, to list without values.")
def main(metrics: tuple[str, ...], *, skip: str) -> None:
    click.echo(PAGE + table(metrics or resamplable(), tuple(skip.split(","))), nl=False)


if __name__ == "__main__":
    main()
