"""Run both programs in turns, and compare their scores and times."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from scipy import stats

from benchmarks.peers.cases import Arrays, Grid
from benchmarks.peers.comparisons import Comparison, Kind
from benchmarks.peers.peer import Answer, Peer
from disentangle_bench.errors import DbenchError

CONFIDENCE = 0.99
Values = Sequence[float | None]
Contender = Callable[..., Answer]


@dataclass(frozen=True)
class Plan:
    """What to measure: turns of each program, one seed each, on a grid, by a clock (wall or cpu)."""

    turns: int = 10
    grid: Grid = field(default_factory=Grid)
    clock: str = "wall"


@dataclass(frozen=True)
class Result:
    """One score of one case: the values of both programs, one per turn, and the seconds of the metric."""

    label: str
    case: str
    kind: Kind
    ours: Values
    theirs: Values
    seconds: Sequence[float]
    their_seconds: Sequence[float]

    @property
    def ratio(self) -> float:
        """Their seconds over ours, the median over turns."""
        return statistics.median(b / a for a, b in zip(self.seconds, self.their_seconds, strict=True))

    @property
    def difference(self) -> float | None:
        """Our mean minus theirs; None if one of them is undefined."""
        ours, theirs = mean(self.ours), mean(self.theirs)
        return None if ours is None or theirs is None else ours - theirs

    def interval(self) -> tuple[float, float] | None:
        """Welch's confidence interval of the difference of means, for sampled scores."""
        if self.kind != "sampled" or self.difference is None or min(len(self.ours), len(self.theirs)) < 2:
            return None
        samples = [np.array(values, dtype=np.float64) for values in (self.ours, self.theirs)]
        squares = [float(values.var(ddof=1)) / len(values) for values in samples]  # of the standard errors
        if sum(squares) == 0:
            return self.difference, self.difference
        freedom = sum(squares) ** 2 / sum(s**2 / (len(v) - 1) for s, v in zip(squares, samples, strict=True))
        half = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * math.sqrt(sum(squares))
        return self.difference - half, self.difference + half


def mean(values: Values) -> float | None:
    """The mean, or None if any is undefined."""
    known = [value for value in values if value is not None and np.isfinite(value)]
    return statistics.fmean(known) if len(known) == len(values) else None


def compare(peer: Peer, comparisons: Sequence[Comparison], plan: Plan, folder: Path) -> Iterator[Result]:
    """Yield the results of all comparisons whose metric the peer has."""
    for comparison in comparisons:
        if comparison.question not in peer.questions:
            continue
        for case in comparison.cases:
            arrays = comparison.arrays(plan.grid, case)
            path = arrays.write(folder / f"{comparison.on}-{comparison.factors}-{case}.npz")
            we = partial(_our_answer, comparison, arrays)
            they = partial(peer.ask, comparison.question, path, settings=comparison.settings)
            sides = take_turns(we, they, min(plan.turns, comparison.turns or plan.turns))
            yield from _results(comparison, case, sides, plan.clock)


def take_turns(we: Contender, they: Contender, turns: int) -> tuple[list[Answer], list[Answer]]:
    """The answers of both, one per seed, after a warm-up; the peer goes first in every second turn."""
    we(seed=0), they(seed=0)
    ours, theirs = [], []
    for seed in range(turns):
        if seed % 2:
            theirs.append(they(seed=seed))
        ours.append(we(seed=seed))
        if not seed % 2:
            theirs.append(they(seed=seed))
    return ours, theirs


def _our_answer(comparison: Comparison, arrays: Arrays, seed: int) -> Answer:
    begun = time.perf_counter(), time.process_time()
    scores = comparison.ours(arrays, seed)
    wall, cpu = time.perf_counter() - begun[0], time.process_time() - begun[1]
    return Answer(scores, {"wall": wall, "cpu": cpu})


def _results(
    comparison: Comparison, case: str, sides: tuple[list[Answer], list[Answer]], clock: str
) -> Iterator[Result]:
    ours, theirs = ([answer.seconds[clock] for answer in side] for side in sides)
    for name in sides[1][0].scores:
        values = [[_score(answer.scores, name) for answer in side] for side in sides]
        yield Result(_label(comparison, name), case, comparison.kind, values[0], values[1], ours, theirs)


def _score(scores: Mapping[str, float | None], name: str) -> float | None:
    if name not in scores:
        raise DbenchError(f"Only the peer has {name}.", "Name our component in benchmarks/peers/comparisons.py.")
    return scores[name]


def _label(comparison: Comparison, score: str) -> str:
    """The score's name, and the settings in the comparison's label."""
    _, comma, setting = comparison.label.partition(",")
    return f"{score}{comma}{setting}"
