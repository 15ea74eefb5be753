"""The code that varies least while a factor is held fixed votes for that factor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from disentangle_bench.metrics.dispersion import Column
from disentangle_bench.metrics.inputs import require_at_least
from disentangle_bench.metrics.intervention.interventions import Batches, Interventions, Split
from disentangle_bench.metrics.metric import Score, with_resampling


def majority_vote(
    data: Interventions, votes: tuple[int, int], *, batch_size: int, min_variance: float, seed: int
) -> Score:
    """Predict the factor held fixed from the code that varies least, and score the predictions.

    Args:
        data: the rows that trials are drawn from.
        votes: number of trials to learn from and to score.
        batch_size: rows per trial.
        min_variance: codes of smaller variance have no vote.
        seed: of the trials.

    Returns:
        The accuracy.
    """
    require_at_least(2, batch_size=batch_size, train_votes=votes[0], test_votes=votes[1])
    columns = Column.all_of(data.codes)
    overall = np.array([float(column.spread()) for column in columns])
    active = (overall >= min_variance) & (overall > 0)
    names = np.array(data.codes.names)
    details = data.details() | {"pruned_codes": names[~active].tolist(), "codes": names[active].tolist()}
    if not active.any():
        return Score.undefined(
            f"the variance of every code is below {min_variance:g}; lower min_variance if they are small by design"
        )
    rng = np.random.default_rng(seed)
    alive = [(columns[place], float(overall[place])) for place in np.flatnonzero(active)]
    train, test = (
        _votes(alive, side.batches(count, batch_size, rng), len(data.factors))
        for side, count in zip((data.train, data.test), votes, strict=True)
    )
    most = train == train.max(axis=1, keepdims=True)
    guesses = most / most.sum(axis=1, keepdims=True)  # factors that tie are guessed with equal chances
    details["train_accuracy"] = _accuracy(guesses, train)
    details["votes"] = train.tolist()
    details["recall"] = ((guesses * test).sum(axis=0) / np.maximum(test.sum(axis=0), 1)).tolist()

    def accuracy(split: Split, rng: np.random.Generator) -> float:
        drawn = _votes(alive, split.batches(votes[1], batch_size, rng), len(data.factors))
        return _accuracy(guesses, drawn)

    score = Score(_accuracy(guesses, test), details=details)
    return with_resampling(score, ("",), data.test.resampling(accuracy))


def _votes(alive: list[tuple[Column, float]], batches: Batches, factors: int) -> NDArray[np.float64]:
    """Number of trials in which each code had the least relative variance, by fixed factor: `(d, factors)`.

    Codes that tie share a vote: giving it to the first would make the score depend on the order of the codes.
    """
    ratios = np.stack([column.spread(batches.rows) / overall for column, overall in alive], axis=1)
    least = ratios == ratios.min(axis=1, keepdims=True)
    shares = least / least.sum(axis=1, keepdims=True)
    return np.asarray(shares.T @ (batches.fixed[:, None] == np.arange(factors)))


def _accuracy(guesses: NDArray[np.float64], votes: NDArray[np.float64]) -> float:
    return float((guesses * votes).sum() / votes.sum())
