"""Chance and ceiling of metrics of codes and factors, by simulation with the same factor sizes.

Factors are drawn independently of each other, with the counts of the subject's. Chance is the score of codes of the
same number and kinds that know nothing of them; the ceiling is the score of codes each of which is one factor.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from disentangle_bench.evaluation.levels_cache import remembered
from disentangle_bench.evaluation.metric_call import MetricCall, Values
from disentangle_bench.evaluation.simulation import Sizes
from disentangle_bench.metrics.metric import Better
from disentangle_bench.schedule import UNTIMED, Schedule
from disentangle_bench.seeds import derive_seed
from disentangle_bench.storage import installed_version, sha256

ALGORITHM = 1
"""Version of the simulation; a new one makes cached values invalid."""
PACKAGES = ("disentangle-bench", "numpy", "scipy", "scikit-learn", "lightgbm", "torch")
"""Packages whose versions may change a simulated value."""

Filling = Literal["dead", "noise"]
"""What perfect codes beyond the number of factors are: constant, as a model leaves those that it does not need, or
drawn at random as for chance. The ceiling is the better of the two, since a metric may penalize either.
"""
FILLINGS: tuple[Filling, ...] = get_args(Filling)


class Effort(NamedTuple):
    """How much is simulated: rows at most, repeats of the chance level and of each ceiling, and which fillings."""

    rows: int
    chance: int
    ceiling: int
    fillings: tuple[Filling, ...]

    @property
    def simulations(self) -> int:
        """How often the metric is computed at most."""
        return self.chance + self.ceiling * len(self.fillings)


USUAL = Effort(rows=20_000, chance=5, ceiling=2, fillings=("dead", "noise"))
SLOW = Effort(rows=2_000, chance=1, ceiling=1, fillings=("dead",))


@dataclass(frozen=True)
class Levels:
    """Chance and ceiling of one component of a metric; None where a simulation leaves it undefined."""

    chance: float | None = None
    ceiling: float | None = None


def reference_levels(
    call: MetricCall, better: Mapping[str, Better], *, schedule: Schedule = UNTIMED, cached: bool = True
) -> dict[str, Levels]:
    """Return chance and ceiling of components of a metric, for subjects of the size of the one that it is computed on.

    They depend on the metric, its settings and the sizes alone, neither on the seed nor on the codes.

    Args:
        call: the metric and its rows.
        better: component -> its direction, which decides which of two perfect subjects is the ceiling.
        schedule: how the simulations are made.
        cached: look the levels up in the user's cache, and keep them there.
    """
    effort = effort_of(call)
    sizes = Sizes.of(call, effort.rows)
    compute = partial(_simulated, call, sizes, effort, schedule)
    means = remembered(_key(call, sizes, effort), compute) if cached else compute()
    levels = {}
    for part, direction in better.items():
        ceilings = [means[filling][part] for filling in FILLINGS if part in means.get(filling, {})]
        if direction != "neither":
            ceilings.sort(reverse=direction == "higher")
        levels[part] = Levels(means["chance"].get(part), ceilings[0] if ceilings else None)
    return levels


def effort_of(call: MetricCall) -> Effort:
    """Return how much is simulated of a metric."""
    return SLOW if call.info.slow else USUAL


def explanation(call: MetricCall) -> dict[str, Any]:
    """Return how the levels of a metric are simulated, for the details of its scores."""
    effort = effort_of(call)
    rows = min(len(call.codes), effort.rows)
    details: dict[str, Any] = {"rows": rows, "chance_repeats": effort.chance, "ceiling_repeats": effort.ceiling}
    if rows < len(call.codes):
        details["simulated_at_fewer_rows_than"] = len(call.codes)
    if len(call.codes.names) > len(call.factors.names):
        which = ", whichever scores better" if len(effort.fillings) > 1 else ""
        details["further_perfect_codes"] = " or ".join(effort.fillings) + which
    return details


def _key(call: MetricCall, sizes: Sizes, effort: Effort) -> dict[str, Any]:
    """Return all that levels depend on, the file of the metric too: a draft must not meet those of an earlier one."""
    source = Path(inspect.getsourcefile(call.function) or "")
    return {
        "algorithm": ALGORITHM,
        "metric": call.info.name,
        "version": call.info.version,
        "source": sha256(source) if source.is_file() else "",
        "settings": {key: value for key, value in call.settings.items() if key != "seed"},
        "sizes": sizes.values(),
        "effort": list(effort),
        "packages": {name: installed_version(name) for name in PACKAGES},
    }


def _simulated(call: MetricCall, sizes: Sizes, effort: Effort, schedule: Schedule) -> dict[str, Values]:
    """Return `chance` and each filling that was simulated -> the mean of every component that all repeats define."""
    fillings = effort.fillings if len(sizes.codes) > len(sizes.factors.names) else effort.fillings[:1]
    repeats: dict[str, int] = {"chance": effort.chance, **dict.fromkeys(fillings, effort.ceiling)}
    draws = [(what, repeat) for what, count in repeats.items() for repeat in range(count)]
    answers = list(schedule.map(partial(_simulate, call, sizes), draws))
    means = {}
    for what in repeats:
        found = [answer for (drawn, _), answer in zip(draws, answers, strict=True) if drawn == what]
        defined = set.intersection(*map(set, found))
        means[what] = {part: fmean(answer[part] for answer in found) for part in found[0] if part in defined}
    return means


def _simulate(call: MetricCall, sizes: Sizes, draw: tuple[str, int]) -> Values:
    what, repeat = draw
    seed = derive_seed(0, "reference levels", what, repeat)
    rng = np.random.default_rng(seed)
    factors = sizes.draw_factors(rng)
    codes = sizes.ignorant_codes(rng) if what == "chance" else sizes.perfect_codes(factors, rng, noise=what == "noise")
    settings = dict(call.settings)
    if "seed" in settings:
        settings["seed"] = seed % 2**32
    return replace(call, codes=codes, factors=factors, train=sizes.draw_train(rng), settings=settings).values()
