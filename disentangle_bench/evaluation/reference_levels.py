"""Chance and ceiling of metrics of codes and factors, by simulation beside the same factors.

The factors keep their rows, and so their counts and their dependence. Chance is the score of codes of the
same number and kinds that know nothing of them; the ceiling is the score of codes each of which is one factor.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import hypot, sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from disentangle_bench.evaluation.levels_cache import Drawn, entry_path, remembered
from disentangle_bench.evaluation.metric_call import MetricCall, Values
from disentangle_bench.evaluation.simulation import Likeness
from disentangle_bench.metrics.metric import Better
from disentangle_bench.provenance import installed_version
from disentangle_bench.schedule import UNTIMED, Schedule
from disentangle_bench.seeds import derive_seed
from disentangle_bench.storage import sha256

ALGORITHM = 3
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
SLOW_BY_NAME = Effort(rows=20_000, chance=1, ceiling=1, fillings=("dead", "noise"))
SLOW = Effort(rows=2_000, chance=1, ceiling=1, fillings=("dead",))
FEW_ROWS = 1_000
"""Below these, more is simulated: scores of few rows vary, and are computed in no time."""
MOST_TIMES = 4
LEAST_DEFINED = 2
"""Simulations that need to have a score, if there are so many: one alone would have no error."""
ERRORS = 2.0
"""Standard errors of their difference by which the ceiling has to be better than chance."""


@dataclass(frozen=True)
class Levels:
    """Chance and ceiling of one component of a metric.

    Attributes:
        chance, ceiling: the mean over the simulations that have a score, as subjects with a score are compared with it.
            Both None where fewer than two have one for either, and where the two put nothing in order.
        errors: `chance` and `ceiling` -> standard error of the mean over the simulations, where there are several.
        reason: why they are None.
    """

    chance: float | None = None
    ceiling: float | None = None
    errors: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


class Part(NamedTuple):
    """What decides on the levels of one component of a metric.

    Attributes:
        better: its direction, which decides which of two perfect subjects is the ceiling.
        in_sample: whether it is measured on the rows that were fitted on.
    """

    better: Better
    in_sample: bool = False


def reference_levels(
    call: MetricCall, parts: Mapping[str, Part], *, schedule: Schedule = UNTIMED, cached: bool = True
) -> dict[str, Levels]:
    """Return chance and ceiling of components of a metric, for subjects with the factors that it is computed on.

    They depend on the metric, its settings, the factors and the number and kinds of the codes alone, neither on the
    seed nor on the values of the codes.

    Args:
        call: the metric and its rows.
        parts: the components.
        schedule: how the simulations are made.
        cached: look the levels up in the user's cache, and keep them there.
    """
    effort = effort_of(call)
    likeness = Likeness.of(call, effort.rows)
    compute = partial(_simulated, call, likeness, effort, schedule)
    drawn = remembered(_key(call, likeness, effort), compute) if cached else compute()
    fewer = len(likeness.factors) < likeness.samples
    return {
        name: _levels_of(part, {what: of.get(name, []) for what, of in drawn.items()}, effort, fewer)
        for name, part in parts.items()
    }


def are_kept(call: MetricCall) -> bool:
    """Whether the levels of a metric are in the user's cache."""
    effort = effort_of(call)
    return entry_path(_key(call, Likeness.of(call, effort.rows), effort)).is_file()


def _levels_of(part: Part, drawn: Mapping[str, list[float]], effort: Effort, fewer: bool) -> Levels:
    """Return the levels of a component from its simulated values: of chance and of each filling."""
    if part.better == "neither":
        return Levels(reason="it has no better direction, so that codes that know nothing need not be its least")
    if part.in_sample and fewer:
        return Levels(reason="it is measured on the rows that were fitted on, and fewer of those were simulated")
    sign = 1 if part.better == "higher" else -1
    repeats: dict[str, int] = {"chance": effort.chance, **dict.fromkeys(effort.fillings, effort.ceiling)}
    enough = {what: values for what, values in drawn.items() if len(values) >= min(LEAST_DEFINED, repeats[what])}
    fillings = [values for what, values in enough.items() if what != "chance"]
    found = {"chance": enough["chance"]} if "chance" in enough else {}
    found |= {"ceiling": max(fillings, key=lambda values: sign * fmean(values))} if fillings else {}
    means = {what: fmean(values) for what, values in found.items()}
    errors = {what: stdev(values) / sqrt(len(values)) for what, values in found.items() if len(values) > 1}
    if len(found) < 2:  # one alone gives no scale
        return Levels(reason=_undefined(drawn, repeats, found))
    levels = Levels(means["chance"], means["ceiling"], errors)
    if sign * (means["ceiling"] - means["chance"]) > ERRORS * hypot(*errors.values()):
        return levels
    scores = {what: f"{mean:.3g}" for what, mean in means.items()}
    if sign * (means["ceiling"] - means["chance"]) > 0:
        scores = scores | {
            what: f"{scores[what]} with a standard error of {error:.2g}" for what, error in errors.items()
        }
    beside = f"perfect codes score {scores['ceiling']} beside such factors, and codes that know nothing"
    return Levels(reason=f"{beside} {scores['chance']}")


def _undefined(drawn: Mapping[str, list[float]], repeats: Mapping[str, int], found: Mapping[str, list[float]]) -> str:
    """Say of which level too few simulations have a score."""
    said = []
    if "chance" not in found:
        said.append(
            f"codes that know nothing have a score in {len(drawn['chance'])} of {repeats['chance']} simulations"
        )
    if "ceiling" not in found:
        best = max((what for what in drawn if what != "chance"), key=lambda what: len(drawn[what]))
        said.append(f"perfect codes have one in {len(drawn[best])} of {repeats[best]}")
    return ", ".join(said)


def effort_of(call: MetricCall) -> Effort:
    """Return how much is simulated of a metric: little of a slow one, but of one that was asked for by name."""
    if call.info.slow:
        return SLOW if call.info.default else SLOW_BY_NAME
    times = min(MOST_TIMES, max(1, FEW_ROWS // len(call.codes)))
    return USUAL._replace(chance=USUAL.chance * times, ceiling=USUAL.ceiling * times)


def explanation(call: MetricCall, levels: Levels) -> dict[str, Any]:
    """Return how the levels of a score are simulated, for its details: with their standard errors, or why not."""
    effort = effort_of(call)
    rows = min(len(call.codes), effort.rows)
    details: dict[str, Any] = {"rows": rows, "chance_repeats": effort.chance, "ceiling_repeats": effort.ceiling}
    details |= {"errors": dict(levels.errors)} if levels.errors else {}
    details |= {"reason": levels.reason} if levels.reason else {}
    if rows < len(call.codes):
        details["simulated_at_fewer_rows_than"] = len(call.codes)
    if len(call.codes.names) > len(call.factors.names):
        which = ", whichever scores better" if len(effort.fillings) > 1 else ""
        details["further_perfect_codes"] = " or ".join(effort.fillings) + which
    return details


def _key(call: MetricCall, likeness: Likeness, effort: Effort) -> dict[str, Any]:
    """Return all that levels depend on, the file of the metric too: a draft must not meet those of an earlier one."""
    source = Path(inspect.getsourcefile(call.function) or "")
    return {
        "algorithm": ALGORITHM,
        "metric": call.info.name,
        "version": call.info.version,
        "source": sha256(source) if source.is_file() else "",
        "settings": {key: value for key, value in call.settings.items() if key != "seed"},
        "likeness": likeness.values(),
        "effort": list(effort),
        "packages": {name: installed_version(name) for name in PACKAGES},
    }


def _simulated(call: MetricCall, likeness: Likeness, effort: Effort, schedule: Schedule) -> Drawn:
    """Return `chance` and each filling that was simulated -> component -> its value in each repeat that defines it."""
    fillings = effort.fillings if likeness.spare else effort.fillings[:1]
    repeats: dict[str, int] = {"chance": effort.chance, **dict.fromkeys(fillings, effort.ceiling)}
    draws = [(what, repeat) for what, count in repeats.items() for repeat in range(count)]
    answers = list(schedule.map(partial(_simulate, call, likeness), draws))
    values = {}
    for what in repeats:
        found = [answer for (drawn, _), answer in zip(draws, answers, strict=True) if drawn == what]
        parts = dict.fromkeys(part for answer in found for part in answer)
        values[what] = {part: [answer[part] for answer in found if part in answer] for part in parts}
    return values


def _simulate(call: MetricCall, likeness: Likeness, draw: tuple[str, int]) -> Values:
    what, repeat = draw
    seed = derive_seed(0, "reference levels", what, repeat)
    rng = np.random.default_rng(seed)
    factors, train = likeness.shuffled(rng)
    codes = likeness.ignorant_codes(rng)
    if what != "chance":
        codes = likeness.perfect_codes(factors, rng, noise=what == "noise")
    settings = dict(call.settings)
    if "seed" in settings:
        settings["seed"] = seed % 2**32
    return replace(call, codes=codes, factors=factors, train=train, settings=settings).values()
