"""The BetaVAE score: a linear classifier predicts the factor held fixed from the distances between codes."""

from __future__ import annotations

from numpy.typing import ArrayLike

from disentangle_bench.metrics.intervention.differences import classify_differences
from disentangle_bench.metrics.intervention.interventions import Interventions
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric


@metric(
    "beta-vae-score",
    version=1,
    bounds=(0, 1),
    better="higher",
    source="Higgins et al. (2017), ICLR; protocol of arXiv:1811.12359",
    scale_invariant=False,
    interval="held-out",
    seconds=0.2,
    grows_with=("codes", "factors"),
)
def beta_vae_score(
    codes: Codes,
    factors: Factors,
    train: ArrayLike | None = None,
    *,
    batch_size: int = 64,
    train_points: int = 10_000,
    test_points: int = 5_000,
    num_bins: int = 10,
    seed: int = 0,
) -> Score:
    """BetaVAE score: high when a linear classifier names the factor held fixed from how far the codes move.

    Each trial draws a factor and then pairs of samples that agree in it and are otherwise random. The mean distance of
    the pairs in each code is one training point of a logistic regression, which predicts the factor. The score is its
    accuracy on trials that it was not fitted on.

        z_i(t) = 1/B Σ_b |c_i(x_b) - c_i(x'_b)|     for the pairs (x_b, x'_b) of trial t, which agree in factor y(t)
        score  = P[classifier(z(t)) = y(t)]

    |·| is the absolute difference of ordinal and continuous codes, the shorter way round of cyclic codes, and 1 for
    different categories and 0 for equal ones, so that the mean is the share of mismatches.

    Does not see: a factor that is spread over several codes, since a linear classifier may combine them. With k
    factors, k - 1 good codes can suffice for a score of 1 (arXiv:1802.05983, section 4).

    Unlike in disentanglement_lib, which draws both sets of trials from the whole grid, test trials draw from rows that
    training trials never use, so that a few rows cannot be memorized. On a grid of 30,000 rows this lowers the score by
    up to 0.003, on one of 1,000 rows by up to 0.05. The classifier is fitted until it converges.

    Args:
        codes: `(n, d)`. Each image is encoded once; trials are drawn among the rows.
        factors: `(n, k)`, of which 2 or more vary. A full grid is not needed; see `GroundTruthIndex`.
        train: `(n,)` bool, the rows that training trials draw from; by default a random two thirds.
        batch_size: pairs per trial, B.
        train_points: trials to fit on.
        test_points: trials to score.
        num_bins: equal-width bins; a continuous factor counts as fixed within one.
        seed: of the trials.

    Returns:
        The accuracy, in [0, 1]; chance is 1/k. Its details hold the accuracy in training and the recall of each factor.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a setting below 2.

    References:
        Higgins et al. (2017), beta-VAE, ICLR; protocol of Locatello et al. (2018), arXiv:1811.12359.

    Example:
        The codes are the factors, so that only the code of the factor held fixed does not move.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import beta_vae_score
        >>> factors = np.indices((4, 4, 8)).reshape(3, -1).T
        >>> beta_vae_score(factors.astype(float), factors, train_points=200, test_points=100).value
        1.0
    """
    data = Interventions.of(codes, factors, train, num_bins=num_bins, seed=seed)
    if data.reason:
        return Score.undefined(data.reason)
    return classify_differences(data, (train_points, test_points), batch_size=batch_size, seed=seed)
