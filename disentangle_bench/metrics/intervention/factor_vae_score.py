"""The FactorVAE score: the code that varies least predicts the factor held fixed."""

from __future__ import annotations

from numpy.typing import ArrayLike

from disentangle_bench.metrics.intervention.interventions import Interventions
from disentangle_bench.metrics.intervention.majority_vote import majority_vote
from disentangle_bench.metrics.metric import Codes, Factors, Score, metric


@metric(
    "factor-vae-score",
    version=2,
    bounds=(0, 1),
    better="higher",
    source="arXiv:1802.05983, section 4; protocol of arXiv:1811.12359",
    scale_invariant=False,
    interval="held-out",
    seconds=0.15,
    grows_with=("codes", "factors"),
)
def factor_vae_score(
    codes: Codes,
    factors: Factors,
    train: ArrayLike | None = None,
    *,
    batch_size: int = 64,
    train_votes: int = 10_000,
    test_votes: int = 5_000,
    min_variance: float = 0.0025,
    num_bins: int = 10,
    seed: int = 0,
) -> Score:
    """FactorVAE score: high when the code that varies least reveals which factor was held fixed.

    Each trial draws a factor and one of its values, then samples with that value that are otherwise random. The code
    whose variance is the smallest share of its variance over all samples votes for the factor. Each code predicts the
    factor that it voted for most often in training; the score is the accuracy of these predictions on test trials.

        d(t)  = argmin_i Var[c_i in trial t] / Var[c_i]
        score = P[argmax_j V(d(t), j) = y(t)],  V(i, j) = training trials with d = i and factor j held fixed

    Var is the usual variance of ordinal and continuous codes; Gini's of a categorical code, which is one code however
    many categories it has (as in the paper); the angular variance of a cyclic code.

    Does not see: a factor that several codes hold, each of which votes for it; nor what else a code holds, as long as
    it varies least while its own factor is fixed.

    Codes that hardly vary are pruned. The paper leaves out codes that have collapsed to the prior, which cannot be seen
    from codes alone. The text of arXiv:1811.12359 prunes a variance below 0.05, but its program, disentanglement_lib, a
    standard deviation below 0.05, which is a variance of 0.0025, and so does this function. (By the text, a code of
    variance 0.03 would go, which is at least 0.015 nats from a standard normal prior.) By default disentanglement_lib
    prunes nothing, and disent never does: the variance ratio of a dead code is then 0/0, which wins every vote and
    brings the score down to chance.

    Two more differences from both programs: test trials draw from rows that training trials never use, which gives
    lower scores on few rows; and codes that tie share a vote, which elsewhere goes to the first.

    Args:
        codes: `(n, d)`. Each image is encoded once; trials are drawn among the rows.
        factors: `(n, k)`, of which 2 or more vary. A full grid is not needed; see `GroundTruthIndex`.
        train: `(n,)` bool, the rows that training trials draw from; by default a random two thirds.
        batch_size: samples per trial.
        train_votes: trials to learn each code's factor from.
        test_votes: trials to score.
        min_variance: codes of smaller variance are pruned. It is absolute, made for codes whose prior has variance 1.
        num_bins: equal-width bins; a continuous factor counts as fixed within one.
        seed: of the trials.

    Returns:
        The accuracy, in [0, 1]; chance is 1/k. Undefined if every code is pruned. Its details hold the votes `(d, k)`,
        the accuracy in training, the recall of each factor and the names of the pruned codes.

    Raises:
        DbenchError: arrays of different lengths, NaN or infinite values, fewer than 4 samples, or a setting below 2.

    References:
        Kim and Mnih (2018), arXiv:1802.05983, section 4; protocol of Locatello et al. (2018), arXiv:1811.12359.

    Example:
        The codes are the factors, so that only the code of the factor held fixed has no variance.

        >>> import numpy as np
        >>> from disentangle_bench.metrics import factor_vae_score
        >>> factors = np.indices((4, 4, 8)).reshape(3, -1).T
        >>> factor_vae_score(factors.astype(float), factors, train_votes=200, test_votes=100).value
        1.0
    """
    data = Interventions.of(codes, factors, train, num_bins=num_bins, seed=seed)
    if data.reason:
        return Score.undefined(data.reason)
    return majority_vote(data, (train_votes, test_votes), batch_size=batch_size, min_variance=min_variance, seed=seed)
