"""Z-min variance: the FactorVAE score by the protocol of the review by Carbonneau et al."""

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
    scale_invariant=False,
    default=False,
    interval="held-out",
    seconds=0.1,
    grows_with=("codes", "factors"),
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
    """Z-min Variance: high when the code that varies least reveals which factor was held fixed, 0 for guessing.

    The FactorVAE score with fewer, larger batches, rescaled so that guessing among the k factors scores 0; see
    `factor_vae_score`, also for how codes of each kind are treated.

        z_min_variance = (a - 1/k) / (1 - 1/k)     with a the accuracy of `factor_vae_score`

    Does not see: a factor that several codes hold, each of which votes for it; nor what else a code holds, as long as
    it varies least while its own factor is fixed.

    The review's program deals out the rows of a value in shuffled passes. Where a value has hardly more rows than a
    batch, each batch holds nearly all of them, and the variances lose their randomness. Here, as in the paper of the
    FactorVAE score, the rows of a batch are drawn independently; with many rows per value the two agree. The program
    also scores the rows that it was fitted on, so that noise on few rows scores far above 0.

    Args:
        codes: `(n, d)`. Each image is encoded once; trials are drawn among the rows.
        factors: `(n, k)`, of which 2 or more vary.
        train: `(n,)` bool, the rows that training trials draw from; by default a random two thirds.
        batch_size: samples per trial.
        train_votes: trials to learn each code's factor from.
        test_votes: trials to score.
        min_variance: codes of smaller variance are pruned; the review's program prunes a standard deviation below 0.05.
        num_bins: equal-width bins; a continuous factor counts as fixed within one.
        seed: of the trials.

    Returns:
        The rescaled accuracy: 1 for always right, 0 for guessing, slightly negative by bad luck. Undefined if every
        code is pruned. Its details hold the accuracy itself, the votes `(d, k)` and the recall of each factor.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a setting below 2.

    References:
        Carbonneau et al. (2020), arXiv:2012.09276, after Kim and Mnih (2018), arXiv:1802.05983.

    Example:
        The codes are the factors, so that only the code of the factor held fixed has no variance.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import z_min_variance
        >>> factors = np.indices((4, 4, 8)).reshape(3, -1).T
        >>> z_min_variance(factors.astype(float), factors, train_votes=200, test_votes=100).value
        1.0
    """
    data = Interventions.of(codes, factors, train, num_bins=num_bins, seed=seed)
    if data.reason:
        return Score.undefined(data.reason)
    score = majority_vote(data, (train_votes, test_votes), batch_size=batch_size, min_variance=min_variance, seed=seed)
    return rescale_accuracy(score, len(data.factors))
