"""Ask both programs in turns, and say how far their numbers and their seconds lie apart."""

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
    """How much is measured: turns of each program, one seed each, on which grid, by which clock (wall or cpu)."""

    turns: int = 10
    grid: Grid = field(default_factory=Grid)
    clock: str = "wall"


@dataclass(frozen=True)
class Result:
    """One score of one case: a value a turn of ours and of theirs, and the seconds of the question it belongs to."""

    label: str
    case: str
    kind: Kind
    ours: Values
    theirs: Values
    seconds: Sequence[float]
    their_seconds: Sequence[float]

    @property
    def ratio(self) -> float:
        """Their seconds in times of ours, turn by turn; the median."""
        return statistics.median(b / a for a, b in zip(self.seconds, self.their_seconds, strict=True))

    @property
    def difference(self) -> float | None:
        """Ours less theirs, on average; None if one of them is undefined."""
        ours, theirs = mean(self.ours), mean(self.theirs)
        return None if ours is None or theirs is None else ours - theirs

    def interval(self) -> tuple[float, float] | None:
        """Welch's interval of the difference of means, where draws differ from turn to turn."""
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
    """The results of all comparisons that the peer has an answer to."""
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
    """The answers of both, one a seed, after one that does not count; every second turn they go first."""
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
        raise DbenchError(f"Only the peer gives {name}.", "Name the part of ours in benchmarks/peers/comparisons.py.")
    return scores[name]


def _label(comparison: Comparison, score: str) -> str:
    """The score's name, and what the comparison says of settings."""
    _, comma, setting = comparison.label.partition(",")
    return f"{score}{comma}{setting}"
