"""Chance and ceiling of observational metrics, by simulation with the same factor sizes.

Factors are drawn independently of each other, with the counts that the subject's have. Chance is the score of codes of
the same number and kinds that know nothing of them; the ceiling that of codes each of which is one factor.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any, Literal, NamedTuple, Self, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from disentangle_bench.evaluation.levels_cache import remembered
from disentangle_bench.evaluation.metric_call import MetricCall, Values
from disentangle_bench.metrics import Scores, info_of
from disentangle_bench.metrics.metric import Better
from disentangle_bench.representation.kinds import Kind
from disentangle_bench.representation.variables import Variables
from disentangle_bench.schedule import UNTIMED, Schedule
from disentangle_bench.seeds import derive_seed
from disentangle_bench.storage import installed_version, sha256

ALGORITHM = 1
"""Of this file; another one forgets what was simulated before."""
PACKAGES = ("disentangle-bench", "numpy", "scipy", "scikit-learn", "lightgbm", "torch")
"""Packages whose versions may change a simulated level."""

Filling = Literal["dead", "noise"]
"""What perfect codes beyond the number of factors are: constant, as a model leaves those that it does not need, or
drawn at random as for chance. The ceiling is the better of the two: a metric may punish either.
"""
FILLINGS: tuple[Filling, ...] = get_args(Filling)
Means = dict[str, Values]
"""`chance`, and each filling that was simulated -> the mean of every part that is defined."""


class Effort(NamedTuple):
    """How much is simulated: rows at most, repeats of the chance level and of each ceiling, and which fillings."""

    rows: int
    chance: int
    ceiling: int
    fillings: tuple[Filling, ...]

    @property
    def simulations(self) -> int:
        """How often the metric is asked at most."""
        return self.chance + self.ceiling * len(self.fillings)


USUAL = Effort(rows=20_000, chance=5, ceiling=2, fillings=("dead", "noise"))
SLOW = Effort(rows=2_000, chance=1, ceiling=1, fillings=("dead",))


@dataclass(frozen=True)
class Levels:
    """Chance and ceiling of one part of a metric; None where it is undefined in a simulation."""

    chance: float | None = None
    ceiling: float | None = None


@dataclass(frozen=True)
class CodeKind:
    """What a simulation keeps of a code: its name, its kind, and of how many whole values it is, if it is so."""

    name: str
    kind: Kind
    values: int = 0


@dataclass(frozen=True, eq=False)
class Sizes:
    """What a simulation keeps of a subject: how large everything is, and not what goes with what.

    Attributes:
        codes: of the subject.
        factors: `(n, k)`, each column sorted by itself; of too many rows, some at even distances.
        train: how many of the rows are for fitting; None where there are no splits.
        samples: how many rows the subject has.
    """

    codes: tuple[CodeKind, ...]
    factors: Variables
    train: int | None
    samples: int

    @classmethod
    def of(cls, call: MetricCall, most_rows: int) -> Self:
        """The sizes of the rows on which a metric is computed."""
        samples = len(call.codes)
        rows = min(samples, most_rows)
        some = thinned(call.factors, np.arange(rows) * samples // rows)
        train = None
        if call.train is not None:
            train = min(max(round(float(call.train.mean()) * rows), 1), rows - 1)
        margins = Variables(np.sort(some.values, axis=0), some.names, some.kinds)
        return cls(_kinds(call.codes), margins, train, samples)

    def values(self) -> dict[str, Any]:
        """All of it, as JSON can hold it, the factors by a digest."""
        columns = [f"{column.dtype.kind}{'|'.join(map(str, column.tolist()))}" for column in self.factors.values.T]
        return {
            "codes": [[code.name, code.kind, code.values] for code in self.codes],
            "factors": [[*pair] for pair in zip(self.factors.names, self.factors.kinds, strict=True)],
            "margins": hashlib.sha256("\0".join(columns).encode()).hexdigest(),
            "rows": len(self.factors),
            "train": self.train,
        }

    def draw_factors(self, rng: np.random.Generator) -> Variables:
        """Factors that are independent of each other and have the subject's counts."""
        columns = [rng.permutation(column) for column in self.factors.values.T]
        return Variables(np.stack(columns, axis=1), self.factors.names, self.factors.kinds)

    def draw_train(self, rng: np.random.Generator) -> NDArray[np.bool_] | None:
        """A random train mask `(n,)` of the subject's share."""
        return None if self.train is None else np.asarray(rng.permutation(len(self.factors)) < self.train)


def reference_levels(
    call: MetricCall,
    better: Mapping[str, Better],
    *,
    schedule: Schedule = UNTIMED,
    cached: bool = True,
) -> dict[str, Levels]:
    """Chance and ceiling of parts of a metric, for subjects of the size of the one that is scored.

    They depend on the metric, its settings and the sizes alone; on neither the seed nor the codes.

    Args:
        call: the metric and the rows on which it is computed.
        better: the parts, and the direction of each, which says which of two perfect subjects is the ceiling.
        schedule: how the calls are made.
        cached: look them up in the user's cache, and keep them there.
    """
    effort = effort_of(call)
    sizes = Sizes.of(call, effort.rows)
    compute = partial(_simulated, call, sizes, effort, schedule)
    means = remembered(_key(call, sizes, effort), compute) if cached else compute()
    return {part: _levels(means, part, direction) for part, direction in better.items()}


def _levels(means: Means, part: str, better: Better) -> Levels:
    chance = means["chance"].get(part)
    ceilings = [means[filling].get(part) for filling in FILLINGS if filling in means]
    known = [ceiling for ceiling in ceilings if ceiling is not None]
    if not known or better == "neither":
        return Levels(chance, known[0] if known else None)
    return Levels(chance, max(known) if better == "higher" else min(known))


def effort_of(call: MetricCall) -> Effort:
    """How much is simulated of a metric."""
    return SLOW if info_of(call.function).slow else USUAL


def explanation(call: MetricCall) -> dict[str, Any]:
    """For a score's details: how its levels were simulated."""
    effort = effort_of(call)
    rows = min(len(call.codes), effort.rows)
    told: dict[str, Any] = {"rows": rows, "chance_repeats": effort.chance, "ceiling_repeats": effort.ceiling}
    if rows < len(call.codes):
        told["simulated_at_fewer_rows_than"] = len(call.codes)
    if len(call.codes.names) > len(call.factors.names):
        told["further_perfect_codes"] = " or ".join(effort.fillings) + (
            ", whichever scores better" if len(effort.fillings) > 1 else ""
        )
    return told


def _key(call: MetricCall, sizes: Sizes, effort: Effort) -> dict[str, Any]:
    info = info_of(call.function)
    return {
        "algorithm": ALGORITHM,
        "metric": info.name,
        "version": info.version,
        "source": _source(call.function),
        "settings": {key: value for key, value in call.settings.items() if key != "seed"},
        "sizes": sizes.values(),
        "effort": list(effort),
        "packages": {name: installed_version(name) for name in PACKAGES},
    }


def _source(function: Callable[..., Scores]) -> str:
    """A digest of the metric's own file: whoever is writing a metric must not meet the levels of an earlier draft."""
    path = inspect.getsourcefile(function)
    return sha256(Path(path)) if path and Path(path).is_file() else ""


def _simulated(call: MetricCall, sizes: Sizes, effort: Effort, schedule: Schedule) -> Means:
    fillings = effort.fillings if len(sizes.codes) > len(sizes.factors.names) else effort.fillings[:1]
    repeats: dict[str, int] = {"chance": effort.chance, **dict.fromkeys(fillings, effort.ceiling)}
    draws = [(what, repeat) for what, count in repeats.items() for repeat in range(count)]
    answers = list(schedule.map(partial(_simulate, call, sizes), draws))
    return {
        what: _means([answer for (drawn, _), answer in zip(draws, answers, strict=True) if drawn == what])
        for what in repeats
    }


def _means(answers: Sequence[Values]) -> Values:
    """The mean of each part that every repeat defines."""
    return {part: fmean(answer[part] for answer in answers) for part in answers[0] if all(part in a for a in answers)}


def _simulate(call: MetricCall, sizes: Sizes, draw: tuple[str, int]) -> Values:
    what, repeat = draw
    seed = derive_seed(0, "reference levels", what, repeat)
    rng = np.random.default_rng(seed)
    factors = sizes.draw_factors(rng)
    codes = ignorant_codes(sizes, rng) if what == "chance" else perfect_codes(sizes, factors, what == "noise", rng)
    settings = dict(call.settings)
    if "seed" in settings:
        settings["seed"] = seed % 2**32
    return replace(call, codes=codes, factors=factors, train=sizes.draw_train(rng), settings=settings).values()


def ignorant_codes(sizes: Sizes, rng: np.random.Generator) -> Variables:
    """Codes `(n, d)` that know nothing: standard normal, or of as many equally frequent values as the subject's."""
    columns = [_ignorant(code, len(sizes.factors), rng) for code in sizes.codes]
    return _variables(columns, sizes.codes, [code.kind for code in sizes.codes])


def _ignorant(code: CodeKind, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    if code.kind == "continuous":
        return rng.standard_normal(n)
    if code.values:
        return rng.integers(code.values, size=n).astype(np.float64)
    return rng.uniform(0, 2 * np.pi, n) if code.kind == "cyclic" else rng.standard_normal(n)


def perfect_codes(sizes: Sizes, factors: Variables, noise: bool, rng: np.random.Generator) -> Variables:
    """Codes `(n, d)` each of which is one factor, as far as both go; further ones are noise, or constant.

    A continuous code stays one and holds its factor's numbers, so a metric that bins it does so here, too; another code
    is of its factor's kind. Factors go to codes of their own kind first, then to continuous ones.
    """
    owner = _assigned(sizes.codes, factors.kinds)
    columns, kinds = [], []
    for place, code in enumerate(sizes.codes):
        if place in owner:
            columns.append(_numbers(factors.values[:, owner[place]]))
            kinds.append("continuous" if code.kind == "continuous" else factors.kinds[owner[place]])
        else:
            columns.append(_ignorant(code, len(factors), rng) if noise else np.zeros(len(factors)))
            kinds.append(code.kind)
    return _variables(columns, sizes.codes, kinds)


def _assigned(codes: Sequence[CodeKind], kinds: Sequence[Kind]) -> dict[int, int]:
    """The place of a code -> the place of its factor."""
    liking = [[2 if code.kind == kind else int(code.kind == "continuous") for kind in kinds] for code in codes]
    places, owned = linear_sum_assignment(np.array(liking), maximize=True)
    return dict(zip(places.tolist(), owned.tolist(), strict=True))


def _numbers(column: NDArray[Any]) -> NDArray[np.float64]:
    """A factor's values as numbers; of texts, their places in the alphabet."""
    return np.asarray(
        np.unique(column, return_inverse=True)[1] if column.dtype.kind == "U" else column, dtype=np.float64
    )


def _variables(columns: Sequence[NDArray[np.float64]], codes: Sequence[CodeKind], kinds: Sequence[Kind]) -> Variables:
    return Variables(np.stack(columns, axis=1), tuple(code.name for code in codes), tuple(kinds))


def thinned(variables: Variables, rows: NDArray[np.int64]) -> Variables:
    """Some rows, in order; of what lies in a file no more than a batch is read at a time."""
    parts, start = [], 0
    for batch in variables.batches():
        inside = rows[(rows >= start) & (rows < start + len(batch))]
        parts.append(batch.values[inside - start])
        start += len(batch)
    return Variables(np.concatenate(parts), variables.names, variables.kinds)


def _kinds(codes: Variables) -> tuple[CodeKind, ...]:
    summaries = codes.summaries
    return tuple(
        CodeKind(name, kind, 0 if summary.values is None else len(summary.values))
        for name, kind, summary in zip(codes.names, codes.kinds, summaries, strict=True)
    )
