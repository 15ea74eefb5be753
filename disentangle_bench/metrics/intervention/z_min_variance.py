"""Z-min variance: the FactorVAE score in the protocol of the review by Carbonneau et al."""

from __future__ import annotations

from numpy.typing import ArrayLike

from disentangle_bench.metrics.intervention.interventions import Interventions, rescale_accuracy
from disentangle_bench.metrics.intervention.majority_vote import majority_vote
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric


@metric(
    "z-min-variance",
    version=1,
    bounds=(-1, 1),
    better="higher",
    source="arXiv:2012.09276, after arXiv:1802.05983",
    slow=True,
    scale_invariant=False,
)
def z_min_variance(
    codes: Codes,
    factors: Factors,
    train: ArrayLike | None = None,
    *,
    batch_size: int = 200,
    train_votes: int = 800,
    test_votes: int = 800,
    min_variance: float = 0.0025,
    num_bins: int = 10,
    seed: int = 0,
) -> Score:
    """The FactorVAE score over fewer, larger batches, as the share of the way from guessing the factor to knowing it.

    See `factor_vae_score`, also for how codes of each kind are treated. With k factors and an accuracy `a` this is
    `(a - 1/k) / (1 - 1/k)`: 0 for guessing, a little below for bad luck.

    The review's program deals the rows of a value out in shuffled passes. Where a value has hardly more rows than a
    batch, each batch is nearly all of them, and chance is taken out of the variances; here, as in the paper, the rows
    of a batch are drawn independently. With many rows a value the two agree. It also scores on the rows that it has
    learned from, so that noise on few rows scores far above 0.

    Args:
        codes: `(n, d)`.
        factors: `(n, k)` that vary, 2 or more.
        train: `(n,)` the rows of the training votes; by default two thirds, drawn.
        batch_size: samples a trial.
        train_votes: trials to learn each code's factor from.
        test_votes: trials to score.
        min_variance: codes that vary less are pruned; the review's code has a standard deviation of 0.05.
        num_bins: equal-width bins, within which a continuous factor counts as fixed.
        seed: of the trials.
    """
    data = Interventions.of(codes, factors, train, num_bins=num_bins, seed=seed)
    if data.reason:
        return Score.undefined(data.reason)
    score = majority_vote(data, (train_votes, test_votes), batch_size=batch_size, min_variance=min_variance, seed=seed)
    return rescale_accuracy(score, len(data.factors))
