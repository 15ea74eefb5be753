"""Z-diff: the BetaVAE score by the protocol of the review by Carbonneau et al."""

from __future__ import annotations

from numpy.typing import ArrayLike

from disentangle_bench.metrics.intervention.differences import classify_differences
from disentangle_bench.metrics.intervention.interventions import Interventions, rescale_accuracy
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric


@metric(
    "z-diff",
    version=1,
    bounds=(-1, 1),
    better="higher",
    source="arXiv:2012.09276, after Higgins et al. (2017)",
    scale_invariant=False,
    default=False,
    interval="held-out",
    seconds=0.8,
    grows_with=("codes", "factors"),
)
def z_diff(
    codes: Codes,
    factors: Factors,
    train: ArrayLike | None = None,
    *,
    batch_size: int = 200,
    train_points: int = 10_000,
    test_points: int = 5_000,
    num_bins: int = 10,
    seed: int = 0,
) -> Score:
    """Z-diff: high when a linear classifier names the factor held fixed from how far the codes move, 0 for guessing.

    The BetaVAE score with larger batches, rescaled so that guessing among the k factors scores 0; see `beta_vae_score`,
    also for how codes of each kind are treated.

        z_diff = (a - 1/k) / (1 - 1/k)     with a the accuracy of `beta_vae_score`

    Does not see: a factor that is spread over several codes, since a linear classifier may combine them.

    The review's program scores the rows that it was fitted on, so that noise on few rows scores far above 0 there.

    Args:
        codes: `(n, d)`. Each image is encoded once; trials are drawn among the rows.
        factors: `(n, k)`, of which 2 or more vary.
        train: `(n,)` bool, the rows that training trials draw from; by default a random two thirds.
        batch_size: pairs per trial.
        train_points: trials to fit on.
        test_points: trials to score.
        num_bins: equal-width bins; a continuous factor counts as fixed within one.
        seed: of the trials.

    Returns:
        The rescaled accuracy: 1 for always right, 0 for guessing, slightly negative by bad luck. Its details hold the
        accuracy itself and the recall of each factor.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a setting below 2.

    References:
        Carbonneau et al. (2020), arXiv:2012.09276, after Higgins et al. (2017), beta-VAE, ICLR.

    Example:
        The codes are the factors, so that only the code of the factor held fixed does not move.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import z_diff
        >>> factors = np.indices((4, 4, 8)).reshape(3, -1).T
        >>> z_diff(factors.astype(float), factors, train_points=200, test_points=100).value
        1.0
    """
    data = Interventions.of(codes, factors, train, num_bins=num_bins, seed=seed)
    if data.reason:
        return Score.undefined(data.reason)
    score = classify_differences(data, (train_points, test_points), batch_size=batch_size, seed=seed)
    return rescale_accuracy(score, len(data.factors))
