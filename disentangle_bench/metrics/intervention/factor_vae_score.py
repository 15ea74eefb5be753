"""The FactorVAE score: does the code that moves least tell which factor was held fixed?"""

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
    slow=True,
    scale_invariant=False,
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
    """How often the code that varies least while a factor is held fixed tells which factor that is.

    A trial draws a factor and one of its values, then samples that have it and are otherwise random. The code with
    the least variance, as a share of its variance over all samples, votes for the factor. Each code's majority of the
    training votes is its guess; the score is how often the guess is right for the test votes.
    Variance is the usual one of ordinal and continuous codes; of a categorical code, which is one code however many
    categories it has, Gini's, as Kim and Mnih take it for discrete codes; of a cyclic code the angular variance.

    Codes that hardly vary over all samples are pruned. Kim and Mnih leave out what has collapsed to the prior, which
    codes alone do not tell; arXiv:1811.12359 speaks of a variance below 0.05, but its program disentanglement_lib
    prunes below a standard deviation of 0.05, which is a variance of 0.0025, and so does this. (By the text a code of
    variance 0.03 would go, which is at least 0.015 nats from a standard normal prior.) Unless it is configured,
    disentanglement_lib prunes none, and disent never does: the variance of a dead code is then 0/0, which wins every
    vote and brings the score down to chance.

    Other differences from both: the trials that fit draw from the training rows and those that score from the others,
    which on few rows scores lower; the variance over all samples is that of all rows, not of 10,000; tied codes share
    a vote instead of the first taking it.

    Args:
        codes: `(n, d)`: each image is encoded once; trials are drawn among the rows.
        factors: `(n, k)` that vary, 2 or more. A full grid is not needed: see `GroundTruthIndex`.
        train: `(n,)` the rows of the training votes; by default two thirds, drawn.
        batch_size: samples a trial.
        train_votes: trials to learn each code's factor from.
        test_votes: trials to score.
        min_variance: codes that vary less are pruned. It is absolute, made for codes whose prior has variance 1.
        num_bins: equal-width bins, within which a continuous factor counts as fixed.
        seed: of the trials.
    """
    data = Interventions.of(codes, factors, train, num_bins=num_bins, seed=seed)
    if data.reason:
        return Score.undefined(data.reason)
    return majority_vote(data, (train_votes, test_votes), batch_size=batch_size, min_variance=min_variance, seed=seed)
